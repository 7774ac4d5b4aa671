"""Tell whether the numbers in a program's array are still those it was given, and which uniform each comes from."""

import numpy as np

from motherlode.core.types import Array, Integers, UserValue
from motherlode.frontends.python.uniforms.intervals import Intervals, Positions
from motherlode.frontends.python.uniforms.linked import Operation
from motherlode.frontends.python.uniforms.operations import applied

__all__ = ["Memory"]


class Memory:
    """Hold a program's array, a private copy of it, and the position of the uniform that each element comes from.

    All views of the array share it. Once an element is another than in the private copy, whoever wrote it, the array is
    the program's own and knows its uniforms no more.

    Parameters
    ----------
    numbers
        The uniforms.
    values
        The program's array.
    private
        The bytes of the same values.
    positions
        Which uniform each element comes from, as a flat array; None for all of them in order.
    operations, line
        What the program did to the uniforms, and the scale and offset that it amounts to.
    """

    __slots__ = ("_grid", "line", "numbers", "operations", "positions", "private", "values")

    def __init__(
        self,
        numbers: Intervals,
        values: Array,
        private: bytes,
        positions: Integers | None = None,
        operations: tuple[Operation, ...] = (),
        line: tuple[float, float] = (1.0, 0.0),
    ) -> None:
        self.numbers = numbers
        self.values = values
        self.private = private
        self.positions = positions
        self.operations = operations
        self.line = line
        self._grid: Integers | None = None

    def is_kept(self) -> bool:
        """Say whether the array is as the program was given it."""
        return self.values.tobytes() == self.private

    @property
    def grid(self) -> Integers:
        """Index of each element, in the array's shape."""
        if self._grid is None:
            self._grid = np.arange(self.values.size).reshape(self.values.shape)
        return self._grid

    def positions_of(self, where: Integers | None) -> Positions:
        """Return which uniforms the elements of a view come from, as a flat array or a slice."""
        if where is None:
            return slice(None) if self.positions is None else self.positions
        return where.ravel() if self.positions is None else self.positions[where.ravel()]

    def apply(self, numbers: Array) -> UserValue:
        """Return what the program would have in place of uniforms, were they these numbers."""
        return applied(self.operations, numbers)

    def reorder(self, to: Integers, source: Integers) -> None:
        """Move elements in the array: those at `source` go to `to`."""
        positions = np.arange(self.values.size) if self.positions is None else self.positions.copy()
        positions[to] = positions[source]
        self.positions = positions
        flat = self.values.flatten()
        flat[to] = flat[source]
        self.values[...] = flat.reshape(self.values.shape)
        self.private = self.values.tobytes()
