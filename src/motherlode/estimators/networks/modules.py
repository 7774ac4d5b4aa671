"""Keep several networks of one type in a list whose elements have that type."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from torch import nn

__all__ = ["Modules"]

Module = TypeVar("Module", bound=nn.Module)


class Modules(nn.ModuleList, Generic[Module]):
    """A list of networks of one type; torch's own forgets which."""

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[Module]: ...

        @overload
        def __getitem__(self, idx: slice) -> "Modules[Module]": ...

        @overload
        def __getitem__(self, idx: int) -> Module: ...

        def __getitem__(self, idx: int | slice) -> "Module | Modules[Module]": ...
