"""Answer ``sample``, ``observe`` and ``tag`` of a pyprob model through the handlers while one of our runs lasts."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

import numpy as np
import pyprob
import torch
from numpy.typing import ArrayLike
from pyprob import state, util
from pyprob.distributions import Distribution
from torch import Tensor

from motherlode.core.types import Array, Foreign, ForeignFunction, UserValue
from motherlode.families import FAMILIES
from motherlode.frontends.pyprob.distributions import NoDraw, family_of
from motherlode.frontends.python.frames import Addressing
from motherlode.tracing import draw, intern

__all__ = ["Statements", "intercepted"]

_NAMES = ("sample", "observe", "tag", "factor")
_RUN: ContextVar["Statements | None"] = ContextVar("motherlode_pyprob_run", default=None)
_LINES = Addressing(Path(__file__).parent)
_lock = RLock()


class Statements:
    """Answer the statements of one run.

    Parameters
    ----------
    theta
        Values of the parameters by name; ``sample`` statements of these names are θ and no draws.
    observed
        Names of statements that are x; when empty, every ``observe``.
    """

    def __init__(self, theta: dict[str, float], observed: tuple[str, ...]) -> None:
        self.theta, self.observed = theta, observed
        self.asked: set[str] = set()
        self.outputs: list[Array] = []

    def __enter__(self) -> Self:
        self._token = _RUN.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _RUN.reset(self._token)

    def sample(
        self, distribution: Distribution, name: str | None = None, address: str | None = None, control: bool = True
    ) -> Tensor:
        """Draw, or give θ."""
        if name in self.theta:
            self.asked.add(name)
            return torch.tensor(self.theta[name], dtype=torch.float64)
        return self._draw(distribution, name, address, name in self.observed)

    def observe(
        self,
        distribution: Distribution,
        value: ArrayLike | None = None,
        name: str | None = None,
        address: str | None = None,
    ) -> Tensor:
        """Draw x; the value that pyprob would condition on is the data of an analysis and not the simulator's."""
        return self._draw(distribution, name, address, not self.observed or name in self.observed)

    def tag(self, value: ArrayLike, name: str | None = None, address: str | None = None) -> None:
        """Take a tagged value as x if it is named so."""
        if name in self.observed:
            self.outputs.append(np.asarray(torch.as_tensor(value, dtype=torch.float64).detach().numpy()))

    def factor(self, *arguments: Foreign, **options: Foreign) -> None:
        """Refuse: a factor multiplies the density by something that is none."""
        raise NoDraw("a factor statement", "its density is not normalized")

    def _draw(self, distribution: Distribution, name: str | None, address: str | None, is_x: bool) -> Tensor:
        given = name or address
        site = _LINES.site() if given is None else intern(given)
        family, parameters = family_of(distribution)
        value = draw(site, FAMILIES[family], parameters)
        tensor = torch.as_tensor(np.asarray(value, dtype=np.float64))
        if family == "Beta":
            tensor = distribution.low + (distribution.high - distribution.low) * tensor
        if is_x:
            self.outputs.append(tensor.numpy())
        return tensor


@contextmanager
def intercepted(*homes: dict[str, UserValue]) -> Iterator[None]:
    """Send pyprob's statements to the run in progress, in float64; threads take turns, all is restored on any exit.

    Parameters
    ----------
    homes
        Namespaces of the model's code, where the statements may have been imported by name.
    """
    with _lock, ExitStack() as stack:
        for name in _NAMES:
            original = getattr(state, name)
            ours = _dispatched(name, original)
            for module in (pyprob, state):
                stack.enter_context(_replaced(vars(module), {name: ours}))
            for home in homes:
                changed = {key: ours for key, value in home.items() if value is original}
                stack.enter_context(_replaced(home, changed))
        stack.enter_context(_replaced(vars(util), {"to_tensor": _to_float64}))
        yield


@contextmanager
def _replaced(home: dict[str, UserValue], changed: dict[str, UserValue]) -> Iterator[None]:
    """Change names of a namespace, which need not be a module's: that of a notebook's cell, or of exec."""
    kept = {name: home[name] for name in changed}
    home.update(changed)
    try:
        yield
    finally:
        home.update(kept)


def _dispatched(name: str, original: ForeignFunction) -> ForeignFunction:
    @wraps(original)
    def dispatched(*arguments: Foreign, **options: Foreign) -> Foreign:
        run = _RUN.get()
        return original(*arguments, **options) if run is None else getattr(run, name)(*arguments, **options)

    return dispatched


def _to_float64(value: ArrayLike | None, dtype: torch.dtype = torch.float64) -> Tensor | None:
    """Do as pyprob's ``to_tensor`` does, without rounding to 32 bits on the way."""
    return None if value is None else torch.as_tensor(value, dtype=dtype, device=util._device)
