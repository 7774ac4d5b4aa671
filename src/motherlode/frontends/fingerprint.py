"""Tell whether a simulator is the one that events were mined with: hash all that its draws depend on and we can see.

That is the source file and those it imports from its own folder or package, what a closure closed over, defaults,
arguments of a partial, and the attributes of an object. Not seen are globals changed while the program runs, files read
by it, and other packages: their versions are in the manifest.
"""

import ast
import functools
import hashlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, MethodType
from typing import Any

import numpy as np

__all__ = ["fingerprint"]

_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def fingerprint(simulator: Any) -> str:
    """Return 16 hexadecimal digits that change when the simulator does, and not from one process to the next.

    Parameters
    ----------
    simulator
        A function, a method, a partial, or an object that is called.
    """
    content = hashlib.sha256()
    for text in _describe(simulator, set()):
        content.update(text.encode(errors="surrogatepass") + b"\0")
    return content.hexdigest()[:16]


def _describe(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield texts that say what a value is, without addresses and without order where there is none."""
    if isinstance(value, _PLAIN):
        yield f"{type(value).__name__} {value!r}"
    elif id(value) in seen:
        yield "again"
    elif isinstance(value, np.ndarray | np.generic) or hasattr(value, "detach"):
        yield from _array(value)
    else:
        yield from _compound(value, seen | {id(value)})


def _array(value: Any) -> Iterator[str]:
    array = np.ascontiguousarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
    content = str(array.tolist()).encode() if array.dtype.hasobject else array.tobytes()
    yield f"{array.dtype} {array.shape} {hashlib.sha256(content).hexdigest()}"


def _compound(value: Any, seen: set[int]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in sorted(value.items(), key=lambda pair: str(pair[0])):
            yield str(key)
            yield from _describe(item, seen)
    elif isinstance(value, list | tuple):
        yield f"{len(value)}"
        for item in value:
            yield from _describe(item, seen)
    elif isinstance(value, set | frozenset):
        yield from sorted(" ".join(_describe(item, seen)) for item in value)
    elif isinstance(value, functools.partial):
        yield from _describe([value.func, value.args, value.keywords], seen)
    elif isinstance(value, MethodType):
        yield from _describe([value.__func__, value.__self__], seen)
    elif isinstance(value, type):
        yield from _code(value, None)
    elif inspect.isfunction(value):
        yield from _code(value, value.__code__)
        yield from _describe([value.__defaults__, value.__kwdefaults__], seen)
        yield from _describe(_closed_over(value), seen)
    else:
        yield from _code(type(value), None)
        yield from _describe(getattr(value, "__dict__", {}), seen)


def _closed_over(function: Any) -> list[Any]:
    """Return what is in the cells of a closure, None for one that nothing was put into."""
    values = []
    for cell in function.__closure__ or ():
        try:
            values.append(cell.cell_contents)
        except ValueError:
            values.append(None)
    return values


def _code(owner: Any, code: CodeType | None) -> Iterator[str]:
    """Yield the sources of a function or class, else its bytecode, else its name; the library's own say nothing."""
    yield owner.__qualname__
    try:
        file = Path(inspect.getsourcefile(owner) or "")
        texts = {path.name: text for path, text in _sources(file.resolve()).items()}
    except (OSError, TypeError):
        texts = {} if code is None else {"bytecode": _bytecode(code)}
    for name, text in sorted(texts.items()):
        yield f"{name}: {text}"


def _sources(first: Path) -> dict[Path, str]:
    """Return the texts of a file and of those it imports from its own folder or package."""
    found: dict[Path, str] = {}
    waiting = [first]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = path.read_text()
            waiting += _imported(path, found[path])
    return found


def _imported(path: Path, text: str) -> list[Path]:
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return []
    names = [(path.parent, alias.name) for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [(_root(path), name) for folder, name in names if folder != _root(path)]
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            folders = {path.parent, _root(path)} if not node.level else {path.parents[node.level - 1]}
            module = node.module or ""
            names += [(folder, module) for folder in folders]
            names += [(folder, f"{module}.{alias.name}") for folder in folders for alias in node.names]
    return [file for folder, name in names for file in _files(folder, name)]


def _root(path: Path) -> Path:
    """Return the folder that holds the package of a file, or the file's own."""
    folder = path.parent
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder


def _files(folder: Path, dotted: str) -> Iterator[Path]:
    parts = [part for part in dotted.split(".") if part]
    for depth in range(1, len(parts) + 1):
        base = folder.joinpath(*parts[:depth])
        yield from (file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file())


def _bytecode(code: CodeType) -> str:
    """Return the bytecode and constants of a function without a source file, and of the functions inside it."""
    constants = [_bytecode(item) if isinstance(item, CodeType) else repr(item) for item in code.co_consts]
    return f"{code.co_code.hex()} {constants} {code.co_names}"
