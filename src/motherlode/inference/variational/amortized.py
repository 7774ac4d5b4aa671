r"""Variational inference once for all observations: a conditional flow that maximizes the mean ELBO over x.

.. math:: \max_φ\; E_{x}\, E_{q_φ(θ|x)}\left[\log π(θ) + \sum_i \log \hat r(x_i|θ) - \log q_φ(θ|x)\right]

Unlike a posterior network it is trained on the surrogate likelihood, so it needs no θ-labels and takes any prior.
The result is a posterior density: :func:`motherlode.posterior` takes it.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from tqdm.auto import tqdm

from motherlode.core.types import LawLike
from motherlode.estimators.density.inverse_flows import InverseFlow
from motherlode.estimators.protocols import DirectPosterior, LogLikelihood, LogRatio
from motherlode.estimators.randomness import seeded
from motherlode.inference.event_likelihood import log_likelihood_of
from motherlode.inference.prior import Prior

__all__ = ["AmortizedGuide", "amortize"]


class AmortizedGuide(nn.Module, DirectPosterior):
    """q(θ|x) for sets of M events: events are embedded one by one, averaged, and given to a spline flow.

    Parameters
    ----------
    prior
        The prior; the flow lives in its unconstrained coordinates.
    x
        Data sets with shape ``(N, M, *L)``, for shapes and scales.
    features
        Width of the embedding of an event.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, prior: Prior, x: Tensor, features: int = 32) -> None:
        super().__init__()
        flat = x.reshape(-1, x.shape[2:].numel())
        self.shape = tuple(x.shape[1:]) if x.shape[1] > 1 else tuple(x.shape[2:])
        self._prior, self._events = prior, x.shape[1]
        self.register_buffer("centre", flat.mean(dim=0))
        self.register_buffer("scale", flat.std(dim=0).clamp(min=1e-9))
        self.embedding = nn.Sequential(nn.Linear(flat.shape[1], 64), nn.SiLU(), nn.Linear(64, features)).double()
        self.flow = InverseFlow(prior.free_dimension, features, hidden=(64, 64))

    def context(self, x: Tensor) -> Tensor:
        """Return features with shape ``(*B, F)`` of data sets ``(*B, *shape)``."""
        batch = x.shape[: x.dim() - len(self.shape)]
        events = x.to(torch.float64).reshape(*batch, self._events, -1)
        features: Tensor = self.embedding((events - self.centre) / self.scale).mean(dim=-2)
        return features

    def log_prob(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return log q(θ|x) with shape ``(*B,)``."""
        u = self._prior.unconstrain(theta)
        value: Tensor = self.flow.log_prob(u, self.context(x))
        return value - self._prior.constrain(u)[1]

    def sample(self, shape: Sequence[int], x: Tensor) -> Tensor:
        """Return draws from q(θ|x) with shape ``(*shape, *B, D)``."""
        with torch.no_grad():
            return self._prior.constrain(self.flow.rsample_and_log_prob(torch.Size(shape), self.context(x))[0])[0]


def amortize(
    estimator: LogRatio | LogLikelihood,
    prior: LawLike,
    x: ArrayLike,
    steps: int = 2000,
    batch: int = 64,
    particles: int = 8,
    learning_rate: float = 3e-3,
    seed: int = 0,
    progress: bool = False,
) -> AmortizedGuide:
    """Fit q(θ|x) to a surrogate likelihood over many simulated data sets.

    Parameters
    ----------
    estimator
        Ratio or likelihood of one event.
    prior
        The prior.
    x
        Simulated data sets with shape ``(N, M, *L)``, drawn with θ from the prior.
    steps, batch, particles, learning_rate
        Of the optimizer: data sets in a step and draws for each.
    seed
        Seed of all randomness.
    progress
        Show a progress bar.
    """
    law, log_likelihood = Prior(prior), log_likelihood_of(estimator)
    data = torch.as_tensor(np.asarray(x, dtype=np.float64))
    with seeded(seed):
        guide = AmortizedGuide(law, data)
        optimizer = torch.optim.Adam(guide.parameters(), learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, steps)
        for _ in tqdm(range(steps), disable=not progress, unit=" steps", desc="amortize"):
            rows = data[torch.randint(0, len(data), (batch,))]
            context = guide.context(rows.reshape(batch, *guide.shape))
            u, log_q = guide.flow.rsample_and_log_prob(torch.Size((particles,)), context)
            theta, log_prior = law.log_prob_free(u)
            wide = theta.unsqueeze(2).expand(particles, batch, data.shape[1], theta.shape[-1])
            value = log_likelihood(wide, rows.expand(particles, *rows.shape)).sum(dim=2)
            loss: Tensor = -(log_prior + value - log_q).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(guide.parameters(), 10.0)
            optimizer.step()
            schedule.step()
    return guide.eval()
