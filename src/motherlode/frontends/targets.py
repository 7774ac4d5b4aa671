"""Find the simulator that a command line names: ``file.py:function``, a program, or an endpoint."""

import hashlib
import importlib.util
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import cloudpickle

from motherlode.core import Parameters
from motherlode.events import Simulator
from motherlode.frontends.errors import NotWrappable
from motherlode.frontends.wrapping import wrap

__all__ = ["load_module", "open_target"]

_LOADED: dict[Path, tuple[str, ModuleType]] = {}


def open_target(target: str, names: Sequence[str] | None = None, timeout: float = 30.0) -> Simulator:
    """Return the simulator `target` names.

    Parameters
    ----------
    target
        ``file.py:function``; ``tcp://…`` or ``ipc://…``; else a program with its arguments.
    names
        Names of θ. A Python file may say its own as ``PARAMETERS``, with bounds ``LOW`` and ``HIGH``; a program
        with our front end says its own.
    timeout
        Seconds a program may take for one answer.

    Raises
    ------
    NotWrappable
        If there is no such file or function.
    """
    if target.startswith(("tcp://", "ipc://")):
        from motherlode.frontends.remote import connect

        return connect(target, None if names is None else tuple(names), timeout=timeout)
    file, _, function = target.rpartition(":")
    if file.endswith(".py"):
        return _from_file(Path(file), function, names)
    if target.endswith(".py"):
        raise NotWrappable(f"{target} names a file but no function in it. Write {target}:NAME.")
    from motherlode.frontends.remote import launch

    return launch(shlex.split(target), None if names is None else tuple(names), timeout=timeout)


def _from_file(file: Path, function: str, names: Sequence[str] | None) -> Simulator:
    module = load_module(file)
    if not hasattr(module, function):
        public = [name for name in vars(module) if callable(getattr(module, name)) and not name.startswith("_")]
        raise NotWrappable(f"{file} has no function {function!r}. It has: {', '.join(public) or 'none'}.")
    own = tuple(getattr(module, "PARAMETERS", ("theta",)))
    if names is not None and tuple(names) != own and hasattr(module, "PARAMETERS"):
        raise NotWrappable(f"{file} says its parameters are {own}, but {tuple(names)} were given. Name them alike.")
    chosen = own if names is None else tuple(names)
    bounds = (getattr(module, "LOW", None), getattr(module, "HIGH", None))
    return wrap(getattr(module, function), Parameters(chosen, *bounds))


def load_module(file: Path) -> ModuleType:
    """Import a Python file by path, again if it has changed; its functions travel to worker processes by value.

    Its folder joins the end of ``sys.path``, here and in workers, so that it can import its neighbours at any time.

    Raises
    ------
    NotWrappable
        If it does not exist.
    """
    path = file.resolve()
    if not path.is_file():
        raise NotWrappable(f"There is no file {file}. Check the path before the colon.")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if path not in _LOADED or _LOADED[path][0] != digest:
        _LOADED[path] = (digest, _import(path))
    return _LOADED[path][1]


def _import(path: Path) -> ModuleType:
    name = f"motherlode_target_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise NotWrappable(f"{path} cannot be imported as Python.")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    cloudpickle.register_pickle_by_value(module)
    return module
