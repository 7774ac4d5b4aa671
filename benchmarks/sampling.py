"""Draw from an unnormalized density by a population of chains, and compare samples by C2ST or densities exactly."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier
from torch import Tensor

__all__ = ["best_c2st", "c2st", "sample_posterior"]

LogDensity = Callable[[Tensor], Tensor]


def sample_posterior(
    log_prior: LogDensity, log_likelihood: LogDensity, start: Tensor, count: int, seed: int, steps: int = 120
) -> np.ndarray[Any, Any]:
    """Return samples with shape (count, D), by tempering a population and moving it by differential evolution.

    Parameters
    ----------
    log_prior, log_likelihood
        (N, D) -> (N,); the prior is -inf outside its support.
    start
        Draws from the prior, as many as chains; half of them should still count after each step of the temperature
        (Del Moral, Doucet, Jasra, 2006), with moves of ter Braak (2006).
    count, seed
        Number of samples, and seed.
    steps
        Moves at the last temperature; samples are kept of the second half.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        population, heat = _Population(log_prior, log_likelihood, start, generator), 0.0
        while heat < 1.0:
            heat = population.warm(heat)
            for _ in range(8):
                population.move(heat)
        kept = []
        for step in range(steps):
            population.move(1.0, jump=step % 10 == 9)
            if step >= steps // 2 and step % 10 == 0:
                kept.append(population.place.clone())
    pool = torch.cat(kept)
    return pool[torch.randperm(len(pool), generator=generator)[:count]].numpy()


class _Population:
    def __init__(self, log_prior: LogDensity, log_likelihood: LogDensity, start: Tensor, generator: Any) -> None:
        self.log_prior, self.log_likelihood, self.generator = log_prior, log_likelihood, generator
        self.place = start
        self.prior, self.fit = self.evaluate(start)

    def evaluate(self, place: Tensor) -> tuple[Tensor, Tensor]:
        prior = self.log_prior(place)
        inside = torch.isfinite(prior)
        fit = torch.full_like(prior, -torch.inf)
        if inside.any():
            fit[inside] = self.log_likelihood(place[inside]).to(fit.dtype)
        return prior, torch.where(torch.isfinite(fit), fit, -torch.inf)

    def warm(self, heat: float) -> float:
        """Raise the temperature's inverse until half the population counts, and resample."""
        chosen = 1.0
        while not self._enough(chosen - heat) and chosen - heat > 1e-9:
            chosen = heat + 0.7 * (chosen - heat)
        weight = ((chosen - heat) * self.fit).softmax(0)
        rows = torch.multinomial(weight, len(weight), replacement=True, generator=self.generator)
        self.place, self.prior, self.fit = self.place[rows], self.prior[rows], self.fit[rows]
        return chosen

    def _enough(self, gain: float) -> bool:
        return 1.0 / float((gain * self.fit).softmax(0).square().sum()) > 0.5 * len(self.fit)

    def move(self, heat: float, jump: bool = False) -> None:
        count, dimensions = self.place.shape
        a, b = (torch.randint(count, (count,), generator=self.generator) for _ in range(2))
        scale = 1.0 if jump else 2.38 / np.sqrt(2 * dimensions)
        noise = torch.randn(self.place.shape, generator=self.generator, dtype=self.place.dtype)
        proposal = self.place + scale * (self.place[a] - self.place[b]) + 1e-3 * noise * self.place.std(0)
        prior, fit = self.evaluate(proposal)
        gain = prior - self.prior + heat * (fit - self.fit)
        accept = torch.rand(count, generator=self.generator).log() < gain
        self.place = torch.where(accept.unsqueeze(-1), proposal, self.place)
        self.prior, self.fit = torch.where(accept, prior, self.prior), torch.where(accept, fit, self.fit)


def best_c2st(log_ratio: Tensor) -> float:
    """Return the accuracy that no classifier between two posteriors can exceed: ½ + ½ total variation.

    Parameters
    ----------
    log_ratio
        log q(θ) - log p(θ) up to a constant at draws θ from p, shape (N,); exact where p covers q.
    """
    share = log_ratio.double().softmax(0) * len(log_ratio)
    return 0.5 + 0.5 * float((1.0 - share).clamp_min(0.0).mean())


def c2st(samples: np.ndarray[Any, Any], reference: np.ndarray[Any, Any], seed: int = 1) -> float:
    """Return the cross-validated accuracy of a classifier between two sets of samples, as sbibm computes it."""
    mean, spread = reference.mean(0), reference.std(0)
    data = (np.concatenate([samples, reference]) - mean) / spread
    labels = np.concatenate([np.zeros(len(samples)), np.ones(len(reference))])
    width = 10 * data.shape[1]
    network = MLPClassifier((width, width), activation="relu", max_iter=1000, solver="adam", random_state=seed)
    folds = KFold(n_splits=5, shuffle=True, random_state=seed)
    return float(np.mean(cross_val_score(network, data, labels, cv=folds, scoring="accuracy")))
