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
    log_prior: LogDensity,
    log_likelihood: LogDensity,
    start: Tensor,
    count: int,
    seed: int,
    chains: int = 3000,
    steps: int = 300,
) -> np.ndarray[Any, Any]:
    """Return samples with shape (count, D), by tempering a population and moving it by differential evolution.

    Parameters
    ----------
    log_prior, log_likelihood
        (N, D) -> (N,); the prior is -inf outside its support.
    start
        Many draws from the prior. As many as there are chains, then half of the chains, should still count after each
        step of the temperature (Del Moral, Doucet, Jasra, 2006), with moves of ter Braak (2006) in between.
    count, seed
        Number of samples, and seed.
    chains, steps
        Size of the population, and moves at the last temperature; samples are kept of their second half.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        population, heat = _Population(log_prior, log_likelihood, start, generator), 0.0
        while heat < 1.0:
            heat = population.warm(heat, chains)
            for _ in range(15):
                population.move(heat)
        kept = []
        for step in range(steps):
            population.move(1.0, jump=step % 10 == 9)
            if step >= steps // 2 and step % 15 == 0:
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

    def warm(self, heat: float, chains: int) -> float:
        """Raise the inverse temperature as far as the weights allow, and resample."""
        chosen = 1.0
        while not self._enough(chosen - heat, min(chains, len(self.fit) // 2)) and chosen - heat > 1e-9:
            chosen = heat + 0.7 * (chosen - heat)
        edges = ((chosen - heat) * self.fit).softmax(0).cumsum(0)
        shift = torch.rand((), generator=self.generator, dtype=edges.dtype)
        rows = torch.searchsorted(edges, (torch.arange(chains) + shift) / chains * edges[-1]).clamp(max=len(edges) - 1)
        self.place, self.prior, self.fit = self.place[rows], self.prior[rows], self.fit[rows]
        return chosen

    def _enough(self, gain: float, wanted: int) -> bool:
        return 1.0 / float((gain * self.fit).softmax(0).square().sum()) >= wanted

    def move(self, heat: float, jump: bool = False) -> None:
        """Move about half of the coordinates of each by the difference of two others; all, and as far, in a jump."""
        count = len(self.place)
        a, b = (torch.randint(count, (count,), generator=self.generator) for _ in range(2))
        moved = torch.rand(self.place.shape, generator=self.generator) < (1.0 if jump else 0.5)
        scale = 1.0 if jump else 2.38 / (2.0 * moved.sum(1, keepdim=True).clamp_min(1)).sqrt()
        noise = torch.randn(self.place.shape, generator=self.generator, dtype=self.place.dtype)
        step = scale * (self.place[a] - self.place[b]) + 1e-3 * noise * self.place.std(0)
        proposal = self.place + moved * step
        prior, fit = self.evaluate(proposal)
        gain = prior - self.prior + heat * (fit - self.fit)
        accept = torch.rand(count, generator=self.generator).log() < gain
        self.place = torch.where(accept.unsqueeze(-1), proposal, self.place)
        self.prior, self.fit = torch.where(accept, prior, self.prior), torch.where(accept, fit, self.fit)


def best_c2st(at_reference: Tensor, at_found: Tensor) -> float:
    """Return the accuracy of the best of all classifiers between two posteriors whose densities are known.

    No classifier trained on samples exceeds it beyond chance. The constant between the densities is that of bridge
    sampling (Meng, Wong, 1996), which is where the two classes balance.

    Parameters
    ----------
    at_reference, at_found
        log q(θ) - log p(θ) up to a constant at draws from the reference p and from the q in question, (N,) each.
    """
    low, high = -1e3 + float(at_reference.min().clamp_min(-1e6)), 1e3 + float(at_found.max().clamp_max(1e6))
    for _ in range(80):
        middle = 0.5 * (low + high)
        excess = torch.sigmoid(at_reference - middle).mean() - torch.sigmoid(middle - at_found).mean()
        low, high = (middle, high) if float(excess) > 0.0 else (low, middle)
    right = (at_reference < low).double().mean() + (at_found >= low).double().mean()
    return 0.5 * float(right)


def c2st(samples: np.ndarray[Any, Any], reference: np.ndarray[Any, Any], seed: int = 1) -> float:
    """Return the cross-validated accuracy of a classifier between two sets of samples, as sbibm computes it."""
    mean, spread = reference.mean(0), reference.std(0)
    data = (np.concatenate([samples, reference]) - mean) / spread
    labels = np.concatenate([np.zeros(len(samples)), np.ones(len(reference))])
    width = 10 * data.shape[1]
    network = MLPClassifier((width, width), activation="relu", max_iter=1000, solver="adam", random_state=seed)
    folds = KFold(n_splits=5, shuffle=True, random_state=seed)
    return float(np.mean(cross_val_score(network, data, labels, cv=folds, scoring="accuracy")))
