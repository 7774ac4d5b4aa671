"""Answer ``sample``, ``observe`` and ``tag`` of a pyprob model through the handlers while one of our runs lasts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from threading import RLock
from typing import Any
from unittest.mock import patch

import numpy as np
import pyprob
import torch
from numpy.typing import NDArray
from pyprob import state, util

from motherlode.families import FAMILIES
from motherlode.frontends.pyprob.distributions import law_of
from motherlode.frontends.pyprob.errors import NoDraw
from motherlode.tracing import caller_site, draw, intern

__all__ = ["Statements", "intercepted"]

Array = NDArray[np.float64]

_NAMES = ("sample", "observe", "tag", "factor")
_RUN: ContextVar["Statements | None"] = ContextVar("motherlode_pyprob_run", default=None)
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

    def __enter__(self) -> "Statements":
        self._token = _RUN.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        _RUN.reset(self._token)

    def sample(
        self, distribution: Any, name: str | None = None, address: str | None = None, control: bool = True
    ) -> Any:
        """Draw, or give θ."""
        if name in self.theta:
            self.asked.add(name)
            return torch.tensor(self.theta[name], dtype=torch.float64)
        return self._draw(distribution, name, address, name in self.observed)

    def observe(self, distribution: Any, value: Any = None, name: str | None = None, address: str | None = None) -> Any:
        """Draw x; the value that pyprob would condition on is the data of an analysis and not the simulator's."""
        return self._draw(distribution, name, address, not self.observed or name in self.observed)

    def tag(self, value: Any, name: str | None = None, address: str | None = None) -> None:
        """Take a tagged value as x if it is named so."""
        if name in self.observed:
            self.outputs.append(np.asarray(torch.as_tensor(value, dtype=torch.float64).detach().numpy()))

    def factor(self, *arguments: Any, **options: Any) -> None:
        """Refuse: a factor multiplies the density by something that is none."""
        raise NoDraw("a factor statement", "its density is not normalized")

    def _draw(self, distribution: Any, name: str | None, address: str | None, is_x: bool) -> Any:
        given = name or address
        site = caller_site(3) if given is None else intern(given)
        family, parameters = law_of(distribution)
        value = draw(site, FAMILIES[family], parameters)
        tensor = torch.as_tensor(np.asarray(value, dtype=np.float64))
        if family == "Beta":
            tensor = distribution.low + (distribution.high - distribution.low) * tensor
        if is_x:
            self.outputs.append(tensor.numpy())
        return tensor


@contextmanager
def intercepted(*homes: dict[str, Any]) -> Iterator[None]:
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
                stack.enter_context(patch.object(module, name, ours))
            for home in homes:
                changed = {key: ours for key, value in home.items() if value is original}
                stack.enter_context(patch.dict(home, changed))
        stack.enter_context(patch.object(util, "to_tensor", _to_float64))
        yield


def _dispatched(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def dispatched(*arguments: Any, **options: Any) -> Any:
        run = _RUN.get()
        return original(*arguments, **options) if run is None else getattr(run, name)(*arguments, **options)

    return dispatched


def _to_float64(value: Any, dtype: torch.dtype = torch.float64) -> Any:
    """Do as pyprob's ``to_tensor`` does, without rounding to 32 bits on the way."""
    return None if value is None else torch.as_tensor(value, dtype=dtype, device=util._device)
