"""Put functions in place of others' for a while, and put the others back on any exit."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import ModuleType

from motherlode.core.types import ForeignFunction

__all__ = ["functions_of", "replaced"]


@contextmanager
def replaced(owner: ModuleType | type, functions: Mapping[str, ForeignFunction]) -> Iterator[None]:
    """Give a module or a class other functions inside the block; an inherited one is inherited again afterwards."""
    with ExitStack() as stack:
        for name, function in functions.items():
            if name in vars(owner):
                stack.callback(setattr, owner, name, vars(owner)[name])
            else:
                stack.callback(delattr, owner, name)
            setattr(owner, name, function)
        yield


def functions_of(
    module: ModuleType, names: Iterable[str], made: Callable[[str, ForeignFunction], ForeignFunction]
) -> dict[str, ForeignFunction]:
    """Return ``made(name, function)`` by name for those names of a module that are functions."""
    found = {name: getattr(module, name) for name in names}
    return {
        name: made(name, function)
        for name, function in found.items()
        if callable(function) and not isinstance(function, type)
    }
