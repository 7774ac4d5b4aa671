"""Tell which modules a function's code names, without running it: how a model is told from a plain function."""

import dis
import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from motherlode.core.types import UserFunction, UserValue

__all__ = ["named_modules", "names_module"]

_RANDOM = ("random", "numpy.random")


def names_module(modules: frozenset[str], *wanted: str) -> bool:
    """Return whether one of some modules, or a part of it, is among those that a function names."""
    return any(module == name or module.startswith(f"{name}.") for module in modules for name in wanted)


def named_modules(function: UserFunction) -> frozenset[str]:
    """Return the names of the modules that a function, and the functions of its own module that it calls, refer to."""
    found: set[str] = set()
    seen: set[CodeType] = set()
    waiting = [inspect.unwrap(function)]
    while waiting:
        user = _function(waiting.pop())
        if user is None or user.__code__ in seen:
            continue
        seen.add(user.__code__)
        for value in _referred(user):
            name = _module(value)
            found |= {name} if name else set()
            if isinstance(value, FunctionType) and name.partition(".")[0] == user.__module__.partition(".")[0]:
                waiting.append(value)
        for code in _codes(user.__code__):
            found.update(_names(code, "IMPORT_NAME"))
    return frozenset(found)


def _function(value: UserValue) -> FunctionType | None:
    """Return the Python function behind a method, a partial or an object that is called; None if there is none."""
    value = getattr(value, "func", value)
    value = value if isinstance(value, FunctionType) else getattr(value, "__func__", value)
    if not isinstance(value, FunctionType | type):
        value = vars(type(value)).get("__call__")
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
    own = value if isinstance(value, FunctionType | type) else getattr(value, "__self__", value)
    if isinstance(own, ModuleType):
        return own.__name__
    name = getattr(own, "__module__", None) if isinstance(own, FunctionType | type) else type(own).__module__
    return name if isinstance(name, str) and name in sys.modules else ""
