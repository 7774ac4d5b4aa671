"""Name the parameters θ of a simulator and hold their bounds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core.errors import ParameterError
from motherlode.core.types import JSON, Array

__all__ = ["Parameters", "difference_steps", "supported_on"]

_support: ContextVar[tuple[Array, Array] | None] = ContextVar("motherlode_support", default=None)
"""The box that θ is proposed from, where one is in force."""


@dataclass(frozen=True)
class Parameters:
    """Describe θ.

    Attributes
    ----------
    names
        D distinct names.
    low, high
        Bounds, D numbers each (one number bounds all), or None where nothing is declared. A simulator is defined inside
        them, and the leak check draws its probes from this box.

    Raises
    ------
    ParameterError
        If names repeat, or bounds are not D finite pairs with low < high.

    Examples
    --------
    >>> parameters = Parameters(("mass", "width"), low=(1.0, 0.1), high=(2.0, 0.5))
    >>> parameters.check([[1.5, 0.2]]).shape
    (1, 2)
    """

    names: tuple[str, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(np.atleast_1d(np.asarray(self.names, dtype=object)).tolist()))
        if not self.names or len(set(self.names)) != len(self.names):
            raise ParameterError(f"Parameter names must be distinct and at least one, not {self.names}.")
        if (self.low is None) != (self.high is None):
            raise ParameterError("Bounds need both low= and high=, or neither.")
        if self.low is not None and self.high is not None:
            self._set_bounds(self.low, self.high)

    def _set_bounds(self, lowest: ArrayLike, highest: ArrayLike) -> None:
        low, high = (_spread(bounds, len(self)) for bounds in (lowest, highest))
        if len(low) != len(self) or len(high) != len(self):
            raise ParameterError(
                f"{len(self)} parameters need as many bounds, not {len(low)} low and {len(high)} high."
            )
        wrong = [
            f"{name} in [{a:g}, {b:g}]"
            for name, a, b in zip(self.names, low, high, strict=True)
            if not 0 < b - a < np.inf
        ]
        if wrong:
            raise ParameterError(
                f"Bounds must be finite with low < high, not {', '.join(wrong)}: the leak check draws its probes from "
                "this box. Give finite bounds, or none at all."
            )
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def __len__(self) -> int:
        return len(self.names)

    def check(self, theta: ArrayLike, what: str = "theta") -> Array:
        """Return θ as float64 with shape (N, D), refused before anything runs if it cannot be right.

        Parameters
        ----------
        theta
            Shape (N, D); (D,) or a scalar (D = 1) for one event; for D = 1 also (N, 1).
        what
            Name for the error message.

        Raises
        ------
        ParameterError
            For a wrong shape, NaN or infinity, or a value outside the bounds.
        """
        array = _numbers(theta, what)
        array = np.atleast_2d(array) if array.ndim < 2 else array
        if array.ndim != 2 or array.shape[-1] != len(self) or not len(array):
            raise ParameterError(
                f"{what} has shape {np.shape(theta)}, but (N, {len(self)}) with N ≥ 1 is needed: one row an event, one "
                f"column for each of {', '.join(self.names)}."
            )
        self._check_values(array, what)
        return array

    def check_alternatives(self, alternatives: ArrayLike | None, events: int) -> Array:
        """Return alternatives as float64 with shape (N, K, D).

        Parameters
        ----------
        alternatives
            Shape (N, K, D), or (K, D) for the same alternatives in every event; None or an empty array for K = 0.
        events
            N.

        Raises
        ------
        ParameterError
            As for :meth:`check`.
        """
        if alternatives is None or np.size(alternatives) == 0:
            return np.empty((events, 0, len(self)))
        array = _numbers(alternatives, "alternatives")
        if array.ndim == 2:
            array = np.broadcast_to(array, (events, *array.shape))
        if array.ndim != 3 or array.shape[0] != events or array.shape[2] != len(self):
            raise ParameterError(
                f"alternatives has shape {np.shape(alternatives)}, but (K, {len(self)}) or ({events}, K, {len(self)}) "
                "is needed: K alternatives for each event."
            )
        self._check_values(array, "alternatives")
        return np.ascontiguousarray(array)

    def _check_values(self, array: Array, what: str) -> None:
        if not np.all(np.isfinite(array)):
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ParameterError(f"{what}{list(where)} ({self.names[where[-1]]}) is {array[where]}; it must be finite.")
        if self.low is None or self.high is None:
            return
        outside = (array < self.low) | (array > self.high)
        if np.any(outside):
            where = tuple(int(i) for i in np.argwhere(outside)[0])
            d = where[-1]
            raise ParameterError(
                f"{what}{list(where)} has {self.names[d]} = {array[where]:g}, outside "
                f"[{self.low[d]:g}, {self.high[d]:g}] ({int(outside.sum())} such values). "
                "The simulator is not declared to be defined there. "
                "Stay inside the bounds, or widen them with low= and high=."
            )

    def probe_box(self, *points: Array) -> tuple[Array, Array]:
        """Return the box the leak check draws probe parameters from, as (low, high) with shape (D,) each.

        The declared bounds. Where none are declared, the proposal's support (see :func:`supported_on`); an end of it
        that is infinite is replaced by the box spanned by `points` (each (*, D)), widened by half of its width on both
        sides, and by half of max(1, |θ|) where it is narrower than a thousandth of that: probes next to θ see nothing.
        """
        if self.low is not None and self.high is not None:
            return np.array(self.low), np.array(self.high)
        rows = np.concatenate([np.reshape(point, (-1, len(self))) for point in points])
        low, high = rows.min(axis=0), rows.max(axis=0)
        width, scale = high - low, np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
        margin = 0.5 * np.where(width < 1e-3 * scale, scale, width)
        given = _support.get()
        if given is None:
            return low - margin, high + margin
        lowest, highest = given
        return (
            np.where(np.isfinite(lowest), lowest, np.minimum(low - margin, highest)),
            np.where(np.isfinite(highest), highest, np.maximum(high + margin, lowest)),
        )

    def steps(self, theta: Array) -> Array:
        """Return finite-difference steps with shape (N, D): ε^(1/3)·min(width of the bounds, max(1, |θ|))."""
        scale = np.maximum(1.0, np.abs(theta))
        if self.low is not None and self.high is not None:
            scale = np.minimum(scale, np.array(self.high) - np.array(self.low))
        return difference_steps(scale)

    def to_json(self) -> dict[str, JSON]:
        """Return plain data for a manifest."""
        return {"names": list(self.names), "low": _plain(self.low), "high": _plain(self.high)}

    @classmethod
    def from_json(cls, data: JSON) -> "Parameters":
        """Build from :meth:`to_json`'s data.

        Raises
        ------
        ParameterError
            If the data are not of this kind.
        """
        names = data.get("names") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(names, list):
            raise ParameterError(f"Parameters are described by names, low and high, not by {data!r}.")
        return cls(tuple(map(str, names)), _bounds(data["low"]), _bounds(data["high"]))


@contextmanager
def supported_on(low: Array, high: Array) -> Iterator[None]:
    """Keep the probes of simulators without bounds inside the proposal's support, from `low` to `high`, shape (D,).

    A simulator may be undefined outside of what its user proposes, so nothing that happens there speaks against it.

    Examples
    --------
    >>> with supported_on(np.array([0.1]), np.array([1.0])):
    ...     Parameters("a").probe_box(np.array([[0.2], [0.9]]))
    (array([0.1]), array([1.]))
    """
    token = _support.set((low, high))
    try:
        yield
    finally:
        _support.reset(token)


def difference_steps(scale: Array) -> Array:
    """Return steps of central differences: ε^(1/3) of the scale on which a function varies, ε being float64's."""
    return np.asarray(np.cbrt(np.finfo(np.float64).eps) * scale)


def _numbers(values: ArrayLike | JSON, what: str) -> Array:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{what} is no array of numbers ({error}). Give float64 rows of equal length.") from error


def _spread(bounds: ArrayLike, count: int) -> tuple[float, ...]:
    numbers = np.asarray(bounds, dtype=np.float64)
    return tuple(np.full(count, numbers).tolist() if numbers.ndim == 0 else numbers.ravel().tolist())


def _bounds(values: JSON) -> tuple[float, ...] | None:
    return None if values is None else tuple(_numbers(values, "bounds").tolist())


def _plain(bounds: Sequence[float] | None) -> JSON:
    return None if bounds is None else list(bounds)
