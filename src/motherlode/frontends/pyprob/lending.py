"""Lend a simulator to pyprob: its draws become ``sample`` statements, its x is observed through a kernel."""

from collections.abc import Callable, Sequence

import numpy as np
import pyprob
import torch
from numpy.typing import ArrayLike
from pyprob.distributions import Distribution, Normal, Uniform
from torch import Tensor

from motherlode.core import philox_generator
from motherlode.core.types import Array, UserFunction
from motherlode.events import Simulator
from motherlode.frontends.errors import NotWrappable
from motherlode.frontends.pyprob.distributions import pyprob_distribution
from motherlode.tracing import Draw, Handler, seed

__all__ = ["LatentModel", "as_pyprob"]


class _Asking(Handler):
    """Let pyprob answer every draw."""

    def process(self, draw: Draw) -> None:
        """Ask for the draw as a sample statement with the draw's address; pyprob's networks bear no dots in it."""
        if draw.value is None:
            address = draw.address.replace(".", "_")
            answer = pyprob.sample(pyprob_distribution(draw.family.name, draw.parameters), address=address)
            value = np.asarray(answer.detach().numpy(), dtype=np.float64)
            draw.value = float(value.reshape(-1)[0]) if value.size == 1 and draw.shape == () else value


class LatentModel(pyprob.Model):  # type: ignore[misc]
    """Run a simulator as a pyprob model; made by :func:`as_pyprob`."""

    def __init__(
        self,
        simulator: Simulator,
        kernel: Callable[[Tensor], Distribution],
        prior: Sequence[Distribution] | None,
        theta: Array | None,
    ) -> None:
        super().__init__(name=simulator.name)
        self.simulator, self.kernel, self.theta = simulator, kernel, theta
        self._program = _program(simulator)
        self._prior = None if theta is not None else _priors(simulator, prior)

    def forward(self) -> Tensor:
        """Draw θ and the latents, and observe x."""
        theta = self._parameters()
        with seed(philox_generator(0, 0)), _Asking():
            x = np.array(self._program(theta), dtype=np.float64)
        output = torch.tensor(x, dtype=torch.float32)
        pyprob.observe(self.kernel(output), name="x", address="x")
        return output

    def _parameters(self) -> Array:
        if self._prior is None:
            return np.array(self.theta)
        names = self.simulator.parameters.names
        priors = zip(names, self._prior, strict=True)
        return np.array([float(pyprob.sample(prior, name=name, address=name)) for name, prior in priors])


def as_pyprob(
    simulator: Simulator,
    *,
    width: float | None = None,
    kernel: Callable[[Tensor], Distribution] | None = None,
    prior: Sequence[Distribution] | None = None,
    theta: ArrayLike | None = None,
) -> LatentModel:
    """Return a simulator as a ``pyprob.Model``, for pyprob's engines: posteriors over its parameters and latents.

    Every draw of the simulator is a sample statement with the draw's address, dots written ``_``, and x the observe
    statement ``"x"``:
    ``as_pyprob(simulator, width=0.1).posterior(1000, observe={"x": 12.0})``.

    Parameters
    ----------
    simulator
        Made by ``motherlode.wrap`` of a Python function or pyprob model, or ``motherlode.launch`` or ``connect`` of a
        program that answers draw by draw.
    width
        Standard deviation of the Normal around x that an observation is compared with. For whole numbers 0.1 is exact
        for all purposes.
    kernel
        Instead of `width`: takes x as a tensor and returns a pyprob distribution of the observation.
    prior
        A pyprob distribution for each parameter; uniform within the declared bounds when absent.
    theta
        Fixes the parameters, shape (D,), so that only the latents are inferred.

    Raises
    ------
    NotWrappable
        If the simulator's draws cannot be asked for one by one, or there is no prior or no kernel.
    """
    if (width is None) == (kernel is None):
        raise NotWrappable("Say how x is compared with an observation: width= of a Normal, or kernel=, and not both.")
    chosen = kernel or (lambda x: Normal(x, width))
    fixed = None if theta is None else simulator.parameters.check(theta)[0]
    return LatentModel(simulator, chosen, prior, fixed)


def _priors(simulator: Simulator, prior: Sequence[Distribution] | None) -> list[Distribution]:
    parameters = simulator.parameters
    if prior is not None and len(prior) == len(parameters):
        return list(prior)
    if prior is not None or parameters.low is None or parameters.high is None:
        raise NotWrappable(
            f"There is no prior for {', '.join(parameters.names)}. pyprob draws theta from one. Give prior= a pyprob "
            "distribution for each, or declare bounds."
        )
    return [Uniform(low, high) for low, high in zip(parameters.low, parameters.high, strict=True)]


def _program(simulator: Simulator) -> UserFunction:
    program = getattr(simulator, "program", None)
    if program is None:
        raise NotWrappable(
            f"The draws of {simulator!r} cannot be asked for one by one. pyprob's engines answer every draw. "
            "Wrap a plain Python function or a pyprob model, or launch a program."
        )
    chosen: UserFunction = program
    return chosen
