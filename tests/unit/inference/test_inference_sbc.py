"""Simulation-based calibration of every sampler on closed forms: curved, bimodal, bounded, discrete and conjugate."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from closed_forms import Banana, Bimodal, GaltonExact, GaussianLocation

from motherlode import diagnostics
from motherlode.inference import ConvergenceWarning, posterior

D = torch.distributions


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


@dataclass(frozen=True)
class Problem:
    """A likelihood, its simulator and a prior."""

    model: Any
    prior: Any
    draw: Any

    def simulate(self, theta, seed, first=0):
        return self.draw(theta, np.random.default_rng([seed, first]))


def galton(theta, generator):
    edges = np.cumsum(GaltonExact().table(torch.from_numpy(theta[:, 0])).numpy(), axis=1)
    return np.minimum((generator.random((len(theta), 1)) > edges).sum(axis=1, keepdims=True), 25).astype(float)


PROBLEMS = {
    "gaussian": Problem(
        GaussianLocation(torch.tensor([[1.0, 0.7], [0.7, 1.0]], dtype=torch.float64)),
        D.Normal(vector(0.0, 0.0), vector(1.0, 1.0)),
        lambda t, g: t + g.multivariate_normal([0.0, 0.0], [[1.0, 0.7], [0.7, 1.0]], len(t)),
    ),
    "bounded": Problem(
        GaussianLocation(torch.eye(1, dtype=torch.float64)),
        D.Uniform(vector(-0.5), vector(0.9)),
        lambda t, g: t + g.normal(size=t.shape),
    ),
    "bimodal": Problem(
        Bimodal(0.7),
        D.Normal(vector(0.0), vector(1.0)),
        lambda t, g: t * g.choice([-1.0, 1.0], t.shape) + 0.7 * g.normal(size=t.shape),
    ),
    "banana": Problem(
        Banana(),
        D.Normal(vector(0.0, 0.0), vector(1.0, 1.0)),
        lambda t, g: np.stack([t[:, 0], t[:, 1] + 0.5 * t[:, 0] ** 2], axis=1) + 0.3 * g.normal(size=t.shape),
    ),
    "galton": Problem(GaltonExact(), D.Uniform(vector(-1.0), vector(-0.4)), galton),
}

SAMPLERS = {
    "importance": (150, lambda p, seed: p.sample(400, seed)),
    "nuts": (40, lambda p, seed: p.mcmc("nuts", chains=20, samples=60, warmup=100, seed=seed)),
    "chees": (40, lambda p, seed: p.mcmc("chees", chains=20, samples=60, warmup=100, seed=seed)),
    "pyro-nuts": (20, lambda p, seed: p.mcmc("pyro-nuts", chains=1, samples=100, warmup=60, seed=seed)),
    "pyro-hmc": (20, lambda p, seed: p.mcmc("pyro-hmc", chains=1, samples=100, warmup=60, seed=seed)),
    "pyro-random-walk": (20, lambda p, seed: p.mcmc("pyro-random-walk", chains=1, samples=1200, warmup=200, seed=seed)),
    "vi": (20, lambda p, seed: p.vi(steps=500, samples=400, seed=seed)),
}

CASES = [
    *((sampler, problem) for sampler in ("importance", "nuts", "chees") for problem in PROBLEMS),
    *((sampler, "gaussian") for sampler in ("pyro-nuts", "pyro-hmc", "pyro-random-walk", "vi")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "name"), CASES)
def test_ranks_are_uniform(sampler, name):
    problem, (replicas, draw) = PROBLEMS[name], SAMPLERS[sampler]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        made = diagnostics.replicate(
            lambda x: posterior(problem.model, problem.prior, x),
            problem.prior,
            problem,
            events=2,
            replicas=replicas,
            draws=60,
            sampler=draw,
            seed=3,
        )
    for check in (diagnostics.sbc, diagnostics.expected_coverage):
        found = check(made)
        assert (found.p_values > 1e-3 / len(CASES)).all(), found.verdict()


def test_a_sampler_that_misses_a_mode_is_noticed():
    problem = PROBLEMS["bimodal"]

    def one_sided(p, seed):
        found = p.sample(200, seed)
        return type(found)(**{**found.__dict__, "samples": np.abs(found.samples)})

    made = diagnostics.replicate(
        lambda x: posterior(problem.model, problem.prior, x), problem.prior, problem, 2, 60, 60, one_sided, seed=3
    )
    assert not diagnostics.sbc(made).ok
