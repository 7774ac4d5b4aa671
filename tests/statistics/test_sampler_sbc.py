"""Simulation-based calibration of our samplers on closed forms: the truth ranks anywhere among the draws.

For the batched kernels all replicas are chains of one batch, each group of chains with data of its own, so hundreds of
posteriors cost one run.
"""

import numpy as np
import pytest
import torch
from closed_forms import Banana, Bimodal, GaussianLocation

from motherlode import diagnostics
from motherlode.diagnostics import Replicas
from motherlode.inference import Observation, Potential, Prior, posterior
from motherlode.inference.mcmc.chains import run_chains
from motherlode.inference.mcmc.gradients import recorded_gradient
from motherlode.inference.search import starting_points

D = torch.distributions
ALPHA = 1e-3
pytestmark = pytest.mark.slow


def full(dimension, value):
    return torch.full((dimension,), value, dtype=torch.float64)


def correlated():
    half = torch.randn(10, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return GaussianLocation(half @ half.T + torch.eye(10, dtype=torch.float64))


def noise(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Form:
    """A likelihood, a prior and how data arise."""

    def __init__(self, model, prior, draw):
        self.model, self.prior, self._draw = model, prior, draw

    def simulate(self, theta, seed, first=0):
        return self._draw(torch.as_tensor(theta), 10_000 + seed + first).numpy()


def _either_sign(theta, seed):
    sign = torch.sign(noise(theta.shape, seed + 1))
    return sign * theta + 0.5 * noise(theta.shape, seed)


def _bent(theta, seed):
    mean = torch.stack([theta[:, 0], theta[:, 1] + 0.5 * theta[:, 0] ** 2], dim=-1)
    return mean + 0.3 * noise(theta.shape, seed)


WIDE = correlated()
FACTOR = torch.linalg.cholesky(WIDE.covariance)
ONE = GaussianLocation(torch.eye(1, dtype=torch.float64))
FORMS = {
    "conjugate": Form(ONE, D.Normal(full(1, 0.0), full(1, 1.0)), lambda t, s: t + noise(t.shape, s)),
    "correlated": Form(WIDE, D.Normal(full(10, 0.0), full(10, 2.0)), lambda t, s: t + noise(t.shape, s) @ FACTOR.T),
    "truncated": Form(ONE, D.Uniform(full(1, -0.5), full(1, 0.9)), lambda t, s: t + noise(t.shape, s)),
    "bimodal": Form(Bimodal(), D.Normal(full(1, 0.0), full(1, 1.0)), _either_sign),
    "banana": Form(Banana(), D.Normal(full(2, 0.0), full(2, 1.0)), _bent),
}


def batched_replicas(form, kernel, model, replicas=400, each=10):
    """Run ``each`` chains on each of many data sets, all in one batch, and keep every tenth draw."""
    prior = Prior(form.prior)
    theta = prior.sample(replicas, seed=5)
    x = torch.as_tensor(form.simulate(theta, 6))
    starts = [
        starting_points(Potential(model, prior, Observation(row[None])), each, seed) for seed, row in enumerate(x)
    ]
    data = x.repeat_interleave(each, dim=0)

    def density(u):
        at, log_prior = prior.log_prob_free(u)
        return log_prior + model.log_prob(data, at)

    run = run_chains(recorded_gradient(density), torch.cat(starts).numpy(), 40, 150, 3, kernel)
    free = torch.from_numpy(run.positions[:, 9::10])
    draws = prior.constrain(free)[0].reshape(replicas, -1, prior.dimension).numpy()
    blank = np.zeros((replicas, draws.shape[1])), np.zeros(replicas)
    return Replicas(theta.numpy(), draws, *blank, prior.names)


def p_value(made):
    """Bonferroni over parameters."""
    p = diagnostics.sbc(made).p_values
    return float(np.min(p) * np.size(p))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("kernel", ["nuts", "chees"])
def test_batched_kernels_are_calibrated(kernel, form):
    assert p_value(batched_replicas(form, kernel, form.model)) > ALPHA


def test_a_wrong_density_is_found():
    narrow = GaussianLocation(0.5 * torch.eye(1, dtype=torch.float64))
    assert p_value(batched_replicas(FORMS["conjugate"], "nuts", narrow, 1200)) < ALPHA


SAMPLERS = {
    "importance": (lambda p, seed: p.sample(200, seed=seed), 150, ("conjugate", "truncated", "bimodal", "banana")),
    "vi": (lambda p, seed: p.vi(steps=500, samples=200, seed=seed), 30, ("conjugate",)),
}
CASES = [(name, form) for name, (_, _, forms) in SAMPLERS.items() for form in forms]


@pytest.mark.filterwarnings("ignore::motherlode.inference.ConvergenceWarning")
@pytest.mark.parametrize(("name", "form"), CASES)
def test_the_other_samplers_are_calibrated(name, form):
    sampler, replicas, _ = SAMPLERS[name]
    case = FORMS[form]
    made = diagnostics.replicate(
        lambda x: posterior(case.model, case.prior, x),
        case.prior,
        case,
        replicas=replicas,
        draws=40,
        sampler=sampler,
        seed=2,
    )
    assert p_value(made) > ALPHA
