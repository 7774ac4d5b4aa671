"""Tell whether a simulator is the one that events were mined with: hash all that its draws depend on and we can see.

That is the source file and those it imports from its own folder or package, what a closure closed over, defaults,
arguments of a partial, and the attributes of an object. Of objects of installed packages only the values and arrays
they hold count. Not seen are globals changed while the program runs, files read by it, and other packages: their
versions are in the manifest.

Nothing of the user's is called or changed: attributes are read from the dictionary of an object, past its properties,
and containers through the methods of their built-in base.
"""

import ast
import functools
import hashlib
import inspect
import operator
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, GetSetDescriptorType, MethodType, ModuleType

import numpy as np

from motherlode.core.types import UserFunction, UserValue

__all__ = ["fingerprint"]

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_TEXTS: dict[type, UserFunction] = {plain: plain.__repr__ for plain in _PLAIN}
_INSTALLED = tuple(
    {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {Path(__file__).resolve().parents[1]}
)


def fingerprint(simulator: UserValue) -> str:
    """Return 16 hexadecimal digits that change when the simulator does, and not from one process to the next.

    Parameters
    ----------
    simulator
        A function, a method, a partial, or an object that is called.
    """
    content = hashlib.sha256()
    for text in _Description().of(simulator):
        content.update(text.encode(errors="surrogatepass") + b"\0")
    return content.hexdigest()[:16]


class _Description:
    """Texts that say what a value is, without addresses and without order where there is none; each object once."""

    def __init__(self) -> None:
        self._seen: dict[int, UserValue] = {}
        self._files: set[Path] = set()

    def of(self, value: UserValue, inside: bool = False) -> Iterator[str]:
        """Yield the texts of a value; ``inside`` an object of an installed package, objects are named only."""
        kind = type(value)
        if issubclass(kind, _PLAIN):
            yield f"{kind.__name__} {_key(value)}"
        elif issubclass(kind, np.ndarray | np.generic):
            array = np.asarray(value)
            yield from self.of(array.tolist(), inside) if array.dtype.hasobject else [_array(array)]
        elif _is_of_torch(kind, "Tensor"):
            yield _tensor(value)
        elif id(value) in self._seen:
            yield "again"
        else:
            if not issubclass(kind, tuple | frozenset):
                self._seen[id(value)] = value
            yield from self._compound(value, kind, inside)

    def _compound(self, value: UserValue, kind: type, inside: bool) -> Iterator[str]:
        if issubclass(kind, dict):
            for key, item in sorted(dict.items(value), key=lambda pair: _key(pair[0])):
                yield _key(key)
                yield from self.of(item, inside)
        elif issubclass(kind, list | tuple):
            items = [*(list if issubclass(kind, list) else tuple).__iter__(value)]
            yield f"{len(items)}"
            for item in items:
                yield from self.of(item, inside)
        elif issubclass(kind, set | frozenset):
            items = [*(set if issubclass(kind, set) else frozenset).__iter__(value)]
            yield from sorted(" ".join(self.of(item, inside)) for item in items)
        elif issubclass(kind, functools.partial):
            yield from self.of([value.func, value.args, value.keywords])
        elif issubclass(kind, MethodType):
            yield from self.of([value.__func__, value.__self__])
        elif issubclass(kind, ModuleType):
            yield from self._module(_state(value))
        elif issubclass(kind, type):
            yield from self._code(value, None)
        elif issubclass(kind, FunctionType):
            yield from self._code(value, value.__code__)
            if not _is_installed(value):
                yield from self.of([value.__defaults__, value.__kwdefaults__, _closed_over(value)])
        else:
            yield from self._object(value, inside)

    def _object(self, value: UserValue, inside: bool) -> Iterator[str]:
        yield from self._code(type(value), None)
        foreign, state = _is_installed(type(value)), _state(value)
        if foreign and _is_of_torch(type(value), "nn.Module"):
            yield from self.of([state.get(name) for name in ("_parameters", "_buffers", "_modules")])
        elif not (foreign and inside):
            yield from self.of(state, foreign)

    def _module(self, state: dict[str, UserValue]) -> Iterator[str]:
        """Yield the name of a module, and the sources of one that is not installed."""
        yield str(state.get("__name__"))
        file = state.get("__file__")
        if isinstance(file, str) and not _is_in_packages(Path(file).resolve()):
            yield from self._texts(Path(file).resolve())

    def _code(self, owner: type | FunctionType, code: CodeType | None) -> Iterator[str]:
        """Yield the sources of a function or class, else its bytecode, else its name alone, as of installed ones."""
        yield owner.__qualname__
        file = _file(owner)
        if file is None and not _is_installed(owner):
            codes = [code] if code else [item.__code__ for item in vars(owner).values() if inspect.isfunction(item)]
            yield from map(_bytecode, codes)
        elif file is not None and not _is_installed(owner):
            yield from self._texts(file)

    def _texts(self, file: Path) -> Iterator[str]:
        if file not in self._files and file.suffix == ".py" and file.is_file():
            found = _sources(file)
            self._files |= set(found)
            yield from (f"{path.name}: {found[path]}" for path in sorted(found))


def _file(owner: type | FunctionType) -> Path | None:
    """Return the file a function or class is written in, None where there is none or it is built in."""
    try:
        file = Path(inspect.getsourcefile(owner) or "").resolve()
    except (OSError, TypeError):
        return None
    return file if file.is_file() else None


def _is_installed(owner: type | FunctionType) -> bool:
    """Say whether a function or class belongs to an installed package; those without a file do, but a notebook's."""
    file = _file(owner)
    if file is None:
        return isinstance(owner, type) and owner.__module__ != "__main__"
    return _is_in_packages(file)


def _is_in_packages(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in _INSTALLED)


def _is_of_torch(kind: type, name: str) -> bool:
    """Return whether a class derives from a class of torch, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and issubclass(kind, operator.attrgetter(name)(torch))


def _state(value: UserValue) -> dict[str, UserValue]:
    """Return the attributes that an object itself holds; none where its class defines ``__dict__`` anew."""
    for kind in type(value).__mro__:
        found = vars(kind).get("__dict__")
        if found is not None:
            known = isinstance(found, GetSetDescriptorType) or issubclass(kind, ModuleType | type)
            return dict(found.__get__(value)) if known else {}
    return {}


def _key(key: UserValue) -> str:
    """Return the text of a plain value as its built-in type writes it, of any other object its class."""
    plain = next((plain for plain in _PLAIN if issubclass(type(key), plain)), None)
    return type(key).__qualname__ if plain is None else str(_TEXTS[plain](key))


def _array(value: UserValue) -> str:
    array = np.ascontiguousarray(value)
    return f"{array.dtype} {array.shape} {hashlib.sha256(array.tobytes()).hexdigest()}"


def _tensor(value: UserValue) -> str:
    """Return the text of a tensor; its type and shape alone where it holds no numbers or cannot show them."""
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunction():
        try:
            plain = torch.Tensor.detach(value).cpu()
            return _array((plain.float() if plain.dtype is torch.bfloat16 else plain).numpy())
        except (NotImplementedError, RuntimeError, TypeError, ValueError):
            return f"{value.dtype} tensor"


def _closed_over(function: FunctionType) -> list[UserValue]:
    """Return what is in the cells of a closure, None for one that nothing was put into."""
    values = []
    for cell in function.__closure__ or ():
        try:
            values.append(cell.cell_contents)
        except ValueError:
            values.append(None)
    return values


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
