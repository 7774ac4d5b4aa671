"""Mine a pyprob model, unchanged, by local replay."""

import inspect

import numpy as np
import pyprob
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from motherlode.core import Parameters
from motherlode.core.types import Array, UserValue
from motherlode.events import CheckReport, Events
from motherlode.frontends.errors import NotWrappable
from motherlode.frontends.fingerprint import fingerprint
from motherlode.frontends.pyprob.statements import Statements, intercepted
from motherlode.gold import check_simulator, mine, simulate

__all__ = ["PyprobSimulator"]

_TIER = "local replay: 1 + K + 2D runs of the model for each event"


class PyprobSimulator:
    """Run and mine a ``pyprob.Model``.

    θ are the ``sample`` statements named like the parameters, or the arguments of ``forward``. x is what the
    ``observe`` statements draw (values given to them are not used), else what ``forward`` returns.

    Parameters
    ----------
    model
        The model.
    parameters
        Names and bounds of θ.
    observed
        Names of sample, observe or tag statements that are x, instead.
    """

    def __init__(self, model: pyprob.Model, parameters: Parameters, observed: tuple[str, ...] = ()) -> None:
        self.model, self.parameters, self.observed = model, parameters, tuple(observed)
        self.name = model.name
        own = {name: value for name, value in vars(model).items() if not name.startswith("_")}
        self.version = fingerprint([type(model), own])
        self._arguments = _required(model, parameters.names)

    def simulate(self, theta: ArrayLike, seed: int = 0, first: int = 0) -> Array:
        """Return x with shape (N, *L) for θ (N, D); event i uses stream (seed, first + i)."""
        with intercepted(type(self.model).forward.__globals__):
            return simulate(self.program, self.parameters.check(theta), root=seed, first=first)

    def mine(
        self,
        theta: ArrayLike,
        alternatives: ArrayLike | None = None,
        *,
        seed: int = 0,
        first: int = 0,
        traces: bool = False,
    ) -> Events:
        """Return events with gold at `alternatives`, shape (N, K, D) or (K, D); raises as plain Python does."""
        rows = self.parameters.check(theta)
        others = self.parameters.check_alternatives(alternatives, len(rows))
        with intercepted(type(self.model).forward.__globals__):
            return mine(self.program, self.parameters, rows, others, root=seed, first=first, traces=traces)

    def check(self, theta: ArrayLike, alternatives: ArrayLike | None = None) -> CheckReport:
        """Say whether the model can be mined; see :func:`motherlode.gold.check_simulator`."""
        return check_simulator(self, theta, alternatives, tier=_TIER)

    def program(self, theta: Array) -> Array:
        """Run one event at θ with shape (D,) under the handlers in force and return x."""
        values = dict(zip(self.parameters.names, theta.tolist(), strict=True))
        with Statements(values, self.observed) as run:
            returned = self.model.forward(*self._given(theta))
        missing = [name for name in values if name not in run.asked] if not self._arguments else []
        if missing:
            raise NotWrappable(
                f"The model {self.name} ran without a sample statement named {', '.join(missing)}. Then theta has no "
                "place in it. Name the statements of the parameters: pyprob.sample(..., name='theta'), or let forward "
                "take theta."
            )
        return self._output(run.outputs, returned)

    def _given(self, theta: Array) -> tuple[Tensor, ...]:
        tensor = torch.tensor(theta, dtype=torch.float64)
        return tuple(tensor) if self._arguments == self.parameters.names else (tensor,) * len(self._arguments)

    def _output(self, outputs: list[Array], returned: UserValue) -> Array:
        if outputs:
            return outputs[0] if len(outputs) == 1 else np.concatenate([np.ravel(output) for output in outputs])
        if returned is None:
            raise NotWrappable(
                f"The model {self.name} observes nothing and returns nothing, so there is no x. Return x, or name the "
                "statements that are x with observed=."
            )
        return np.asarray(torch.as_tensor(returned, dtype=torch.float64).detach().numpy())

    def __repr__(self) -> str:
        return f"PyprobSimulator({self.name}, {self.parameters})"


def _required(model: pyprob.Model, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the arguments that forward needs: none, θ as a whole, or one for each parameter."""
    arguments = inspect.signature(model.forward).parameters.values()
    required = tuple(a.name for a in arguments if a.default is a.empty and a.kind < a.VAR_POSITIONAL)
    if len(required) > 1 and required != names:
        raise NotWrappable(
            f"forward of the pyprob model {model.name} takes {required}, but the parameters are {names}. Let it take "
            "theta, the parameters by name, or nothing."
        )
    return required
