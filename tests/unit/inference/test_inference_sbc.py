"""Calibration of samplers where x is discrete and θ bounded, and of what SBC notices; see also test_sampler_sbc."""

import warnings

import numpy as np
import pytest
import torch
from closed_forms import Bimodal, GaltonExact

from motherlode import diagnostics
from motherlode.inference import ConvergenceWarning, posterior

D = torch.distributions
BOARD = D.Uniform(torch.tensor([-1.0]).double(), torch.tensor([-0.4]).double())
STANDARD = D.Normal(torch.zeros(1).double(), torch.ones(1).double())


class Board(GaltonExact):
    def simulate(self, theta, seed, first=0):
        edges = np.cumsum(self.table(torch.from_numpy(theta[:, 0])).numpy(), axis=1)
        u = np.random.default_rng([seed, first]).random((len(theta), 1))
        return np.minimum((u > edges).sum(axis=1, keepdims=True), 25).astype(float)


class EitherSign(Bimodal):
    def simulate(self, theta, seed, first=0):
        generator = np.random.default_rng([seed, first])
        return theta * generator.choice([-1.0, 1.0], theta.shape) + self.sd * generator.normal(size=theta.shape)


SAMPLERS = {
    "importance": (150, lambda p, seed: p.sample(400, seed)),
    "nuts": (40, lambda p, seed: p.mcmc("nuts", chains=20, samples=60, warmup=100, seed=seed)),
    "chees": (40, lambda p, seed: p.mcmc("chees", chains=20, samples=60, warmup=100, seed=seed)),
}


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_posteriors_of_the_board_are_calibrated(sampler):
    replicas, draw = SAMPLERS[sampler]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        made = diagnostics.replicate(
            lambda x: posterior(Board(), BOARD, x), BOARD, Board(), 2, replicas, 60, sampler=draw, seed=3
        )
    for check in (diagnostics.sbc, diagnostics.expected_coverage):
        found = check(made)
        assert (found.p_values > 1e-4).all(), found.verdict()


def test_a_sampler_that_misses_a_mode_is_noticed():
    model = EitherSign(0.7)

    def one_sided(p, seed):
        found = p.sample(200, seed)
        return type(found)(**{**found.__dict__, "samples": np.abs(found.samples)})

    made = diagnostics.replicate(lambda x: posterior(model, STANDARD, x), STANDARD, model, 2, 60, 60, one_sided, seed=3)
    assert not diagnostics.sbc(made).ok
