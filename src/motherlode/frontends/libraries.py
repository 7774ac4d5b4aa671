"""Tell which modules a function's code names, without running it: how a model is told from a plain function."""

import dis
import functools
import inspect
import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

from motherlode.core.types import UserFunction, UserValue
from motherlode.frontends.python.frames import is_library

__all__ = ["named_modules", "names_module"]


def names_module(modules: frozenset[str], *wanted: str) -> bool:
    """Return whether one of some modules, or a part of it, is among those that a function names."""
    return any(module == name or module.startswith(f"{name}.") for module in modules for name in wanted)


def named_modules(function: UserFunction) -> frozenset[str]:
    """Return the names of the modules that a function refers to, and those that the user's functions it calls do."""
    found: set[str] = set()
    seen: set[CodeType] = set()
    waiting = [inspect.unwrap(function)]
    while waiting:
        user = _function(waiting.pop())
        if user is None or user.__code__ in seen:
            continue
        seen.add(user.__code__)
        for value in _referred(user):
            found.add(_module(value))
            if isinstance(value, FunctionType) and _is_users(value):
                waiting.append(value)
        for code in _codes(user.__code__):
            found.update(_names(code, "IMPORT_NAME"))
    return frozenset(found)


def _is_users(function: FunctionType) -> bool:
    """Say whether a function is of no installed package and not of Python's own modules."""
    return not is_library(function.__code__) and _module(function).partition(".")[0] not in sys.stdlib_module_names


def _function(value: UserValue) -> FunctionType | None:
    """Return the Python function behind a method, a partial or an object that is called; None if there is none."""
    while isinstance(value, functools.partial):
        value = value.func
    if isinstance(value, MethodType):
        value = value.__func__
    if not isinstance(value, FunctionType | type):
        value = inspect.getattr_static(type(value), "__call__", None)
    return value if isinstance(value, FunctionType) else None


def _referred(function: FunctionType) -> Iterator[UserValue]:
    """Yield the globals that the code names, the modules inside modules too, and what was closed over."""
    codes = list(_codes(function.__code__))
    attributes = {name for code in codes for name in code.co_names}
    for name in {name for code in codes for name in _names(code, "LOAD_GLOBAL", "LOAD_NAME")}:
        value = function.__globals__.get(name)
        yield value
        if isinstance(value, ModuleType):
            inner = (vars(value).get(attribute) for attribute in attributes)
            yield from (part for part in inner if isinstance(part, ModuleType))
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue


def _names(code: CodeType, *operations: str) -> Iterator[str]:
    return (str(step.argval) for step in dis.get_instructions(code) if step.opname in operations)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _module(value: UserValue) -> str:
    """Return the module that a value is, comes from, or whose class it has."""
    if isinstance(value, ModuleType):
        return value.__name__
    own = value.__self__ if isinstance(value, BuiltinFunctionType | MethodType) else value
    if isinstance(own, ModuleType):
        return own.__name__
    return str((own if isinstance(own, FunctionType | type) else type(own)).__module__)
