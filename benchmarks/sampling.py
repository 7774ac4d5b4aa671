"""Draw from an unnormalized density by a population of chains, and compare samples by C2ST."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier
from torch import Tensor

__all__ = ["c2st", "sample_posterior"]


def sample_posterior(
    log_density: Callable[[Tensor], Tensor], start: Tensor, count: int, seed: int, chains: int = 2000, steps: int = 150
) -> np.ndarray[Any, Any]:
    """Return samples with shape (count, D).

    Parameters
    ----------
    log_density
        (N, D) -> (N,), -inf outside the support.
    start
        Many draws from the prior, resampled by importance to give the chains their places.
    count, seed
        Number of samples, and seed.
    chains, steps
        Chains of differential evolution (ter Braak, 2006), and their length.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        weight = torch.cat([log_density(part) for part in start.split(20_000)])
        weight = torch.where(torch.isfinite(weight), weight, torch.full_like(weight, -torch.inf))
        rows = torch.multinomial((weight - weight.max()).exp(), chains, replacement=True, generator=generator)
        place, value = start[rows], weight[rows]
        kept = []
        scale = 2.38 / np.sqrt(2 * start.shape[1])
        for step in range(steps):
            a, b = (torch.randint(chains, (chains,), generator=generator) for _ in range(2))
            factor = 1.0 if step % 10 == 9 else scale
            noise = 1e-3 * torch.randn(place.shape, generator=generator, dtype=place.dtype) * place.std(0)
            proposal = place + factor * (place[a] - place[b]) + noise
            fresh = log_density(proposal)
            fresh = torch.where(torch.isfinite(fresh), fresh, torch.full_like(fresh, -torch.inf))
            accept = torch.rand(chains, generator=generator).log() < fresh - value
            place = torch.where(accept.unsqueeze(-1), proposal, place)
            value = torch.where(accept, fresh, value)
            if step >= steps // 2 and step % 15 == 14:
                kept.append(place.clone())
    pool = torch.cat(kept)
    return pool[torch.randperm(len(pool), generator=generator)[:count]].numpy()


def c2st(samples: np.ndarray[Any, Any], reference: np.ndarray[Any, Any], seed: int = 1) -> float:
    """Return the cross-validated accuracy of a classifier between two sets of samples, as sbibm computes it."""
    mean, spread = reference.mean(0), reference.std(0)
    data = (np.concatenate([samples, reference]) - mean) / spread
    labels = np.concatenate([np.zeros(len(samples)), np.ones(len(reference))])
    width = 10 * data.shape[1]
    network = MLPClassifier((width, width), activation="relu", max_iter=1000, solver="adam", random_state=seed)
    folds = KFold(n_splits=5, shuffle=True, random_state=seed)
    return float(np.mean(cross_val_score(network, data, labels, cv=folds, scoring="accuracy")))
