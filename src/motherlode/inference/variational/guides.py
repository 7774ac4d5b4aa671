r"""Variational inference by Pyro's SVI on the posterior in unconstrained coordinates.

.. math:: ELBO = E_{q(u)}[\log π(u) + \sum_j c_j \log \hat r(x_j|θ(u)) - \log q(u)]

Every result is judged by the importance weights of the posterior over the guide: a guide that is too narrow shows up as
a Pareto k-hat above 0.7, whatever its ELBO (Yao, Vehtari, Simpson, Gelman, "Yes, but did it work?" (2018),
arXiv:1802.02538).
"""

import time
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypedDict

import numpy as np
import pyro
import torch
from pyro.distributions import Delta
from pyro.infer import SVI, Trace_ELBO
from pyro.infer.autoguide import AutoDiagonalNormal, AutoLowRankMultivariateNormal, AutoMultivariateNormal
from pyro.nn import PyroModule
from pyro.optim import ClippedAdam
from torch import Tensor
from tqdm.auto import tqdm

from motherlode.core.types import Array, ForeignFunction
from motherlode.estimators.density.inverse_flows import InverseFlow
from motherlode.estimators.randomness import seeded
from motherlode.events import pareto_k
from motherlode.inference.importance import resample
from motherlode.inference.potential import Potential
from motherlode.inference.results import PosteriorSamples

__all__ = ["GUIDES", "FlowGuide", "Guide", "GuideSettings", "fit_guide"]

Guide: TypeAlias = Callable[[], dict[str, Tensor] | None]
"""A Pyro guide: a call that samples the site ``"u"``."""


class GuideSettings(TypedDict, total=False):
    """How a guide is fitted; see :func:`fit_guide`."""

    learning_rate: float
    particles: int
    tolerance: float
    progress: bool


class FlowGuide(PyroModule):  # type: ignore[misc]
    """An inverse autoregressive spline flow of nflows behind an affine map, for posteriors that no Gaussian fits.

    Parameters
    ----------
    start
        Points ``(n, d)`` whose mean and spread the affine map begins with.
    layers
        Autoregressive spline layers.
    """

    def __init__(self, start: Tensor, layers: int = 2) -> None:
        super().__init__()
        self.flow = InverseFlow(start.shape[1], transforms=layers)
        self.location = torch.nn.Parameter(start.mean(dim=0))
        self.log_scale = torch.nn.Parameter(start.std(dim=0).clamp(min=1e-6).log())

    def forward(self) -> None:
        """Sample the site ``"u"`` with its density, as a guide."""
        u, log_density = self.draw(_particle_shape())
        pyro.sample("u", Delta(u, log_density=log_density, event_dim=1))

    def draw(self, shape: torch.Size) -> tuple[Tensor, Tensor]:
        """Return draws ``(*shape, d)`` with gradients and their log-densities ``(*shape,)``."""
        base, log_density = self.flow.rsample_and_log_prob(shape)
        return self.location + self.log_scale.exp() * base, log_density - self.log_scale.sum()


GUIDES: Mapping[str, Callable[[Potential, Tensor], Guide]] = {
    "normal": lambda potential, start: AutoDiagonalNormal(potential.model, **_located(start)),
    "multivariate_normal": lambda potential, start: AutoMultivariateNormal(potential.model, **_located(start)),
    "low_rank": lambda potential, start: AutoLowRankMultivariateNormal(potential.model, **_located(start)),
    "flow": lambda potential, start: FlowGuide(start),
}
"""Guides by name: Pyro's autoguides and the flow."""


def fit_guide(
    potential: Potential,
    starts: Tensor,
    guide: str | Callable[[Callable[[], None]], Guide],
    steps: int,
    samples: int,
    seed: int,
    learning_rate: float = 0.02,
    particles: int = 32,
    tolerance: float = 0.02,
    progress: bool = False,
) -> PosteriorSamples:
    """Fit a guide by SVI, stop when the ELBO no longer rises, and draw from it.

    Parameters
    ----------
    potential
        The log-posterior.
    starts
        Points ``(n, d)`` where the guide begins.
    guide
        A key of :data:`GUIDES`, or what makes a Pyro guide from the model, e.g. ``AutoIAFNormal``; its site is ``"u"``.
    steps
        Most optimizer steps.
    samples
        Draws from the fitted guide.
    seed
        Seed of all randomness.
    learning_rate, particles
        Of Adam and of each ELBO estimate.
    tolerance
        Stop when the mean ELBO of the last fifth rises by less than this many nats over the fifth before.
    progress
        Show a progress bar.

    Returns
    -------
    PosteriorSamples
        One chain, with ``k_hat``; ``info`` holds the ELBO trace, whether it converged, the guide, and ``kl``, the gap
        in nats between the ELBO and the log-evidence found by importance sampling: it sees a mode that q missed.
    """
    begin = time.perf_counter()
    with seeded(seed):
        chosen = GUIDES[guide](potential, starts) if isinstance(guide, str) else guide(potential.model)
        with pyro.get_param_store().scope():
            elbo, converged = _optimize(potential, chosen, steps, learning_rate, particles, tolerance, progress)
            u, log_q = _draws(chosen, samples)
    with torch.no_grad():
        theta, log_det = potential.prior.constrain(u)
        log_p = potential.log_prob_free(u)
        evidence = resample(potential, 1, seed).info["log_evidence"]
    ratios = (log_p - log_q).numpy()
    return PosteriorSamples(
        samples=theta.numpy()[None],
        names=potential.prior.names,
        log_prob=(log_p - log_det).numpy()[None],
        method="vi",
        divergences=np.zeros((1, samples), dtype=bool),
        acceptance=np.ones(1),
        k_hat=pareto_k(np.exp(ratios - ratios.max())),
        independent=True,
        seconds=time.perf_counter() - begin,
        info={"elbo": elbo, "converged": converged, "guide": chosen, "kl": evidence - float(np.mean(ratios))},
    )


def _optimize(
    potential: Potential,
    guide: Guide,
    steps: int,
    learning_rate: float,
    particles: int,
    tolerance: float,
    progress: bool,
) -> tuple[Array, bool]:
    decay = 0.1 ** (1.0 / steps)
    loss = Trace_ELBO(num_particles=particles, vectorize_particles=True, max_plate_nesting=0)
    svi = SVI(potential.model, guide, ClippedAdam({"lr": learning_rate, "lrd": decay}), loss)
    trace: list[float] = []
    for _ in tqdm(range(steps), disable=not progress, unit=" steps", desc="vi"):
        trace.append(-svi.step())
        if len(trace) % 100 == 0 and len(trace) >= 500 and _settled(trace, tolerance):
            return np.array(trace), True
    return np.array(trace), _settled(trace, tolerance)


def _settled(trace: list[float], tolerance: float) -> bool:
    """Compare the last two fifths, the noise of their means allowed for."""
    fifth = max(len(trace) // 5, 2)
    last, before = np.array(trace[-fifth:]), np.array(trace[-2 * fifth : -fifth])
    noise = np.sqrt((last.var() + before.var()) / fifth)
    return bool(last.mean() - before.mean() < tolerance + 2.0 * noise and np.isfinite(last).all())


def _draws(guide: Guide, samples: int) -> tuple[Tensor, Tensor]:
    """Draw u ``(n, d)`` from a fitted guide with its log-density ``(n,)``."""
    with torch.no_grad():
        with pyro.plate("draws", samples, dim=-1):
            trace = pyro.poutine.trace(guide).get_trace()
        trace.compute_log_prob()
    log_q = sum(node["log_prob"] for node in trace.nodes.values() if "log_prob" in node)
    return trace.nodes["u"]["value"].reshape(samples, -1), torch.as_tensor(log_q).reshape(samples)


def _located(start: Tensor) -> dict[str, ForeignFunction | float]:
    return {"init_loc_fn": pyro.infer.autoguide.init_to_value(values={"u": start.mean(dim=0)}), "init_scale": 0.3}


def _particle_shape() -> torch.Size:
    """Return the sizes of the plates now in force, outermost first."""
    plate = pyro.poutine.subsample_messenger.SubsampleMessenger
    frames = [handler for handler in pyro.poutine.runtime._PYRO_STACK if isinstance(handler, plate)]
    return torch.Size([frame.size for frame in sorted(frames, key=lambda frame: frame.dim)])
