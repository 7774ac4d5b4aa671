"""Draws that were resampled by weights are worth their effective number, and say so."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z, GaussianRatio

from motherlode.inference import ConvergenceWarning, PosteriorSamples, posterior

D = torch.distributions
PRIOR = D.Normal(torch.zeros(1, dtype=torch.float64), 1.0)


def test_errors_hold_where_draws_repeat():
    problem = posterior(GaussianRatio(), PRIOR, [[0.3]])
    found = [problem.sample(40_000, seed=seed) for seed in range(40)]
    z = np.array([(one.mean[0] - 0.15) / one.error[0] for one in found])
    assert (z**2).sum() < len(z) + ALPHA_Z * np.sqrt(2.0 * len(z))
    for one in found:
        assert max(one.ess_bulk[0], one.ess_tail[0]) <= one.info["effective_draws"] < len(one)
        assert one.error[0] >= one.sd[0] / np.sqrt(one.info["effective_draws"])


def test_few_effective_draws_are_a_finding():
    draws = np.random.default_rng(0).normal(size=(1, 1000, 1))
    result = PosteriorSamples(
        draws,
        ("a",),
        draws[..., 0],
        "importance",
        draws[..., 0] > 9.0,
        np.ones(1),
        k_hat=0.4,
        independent=True,
        info={"effective_draws": 63.2},
    )
    (finding,) = result.findings()
    assert "The 1000 draws were resampled from 63 effective ones" in finding
    with pytest.warns(ConvergenceWarning, match="63 effective"):
        result.warn()
    assert replace(result, info={"effective_draws": 500.0}).findings() == []
    assert replace(result, info={}).findings() == []
