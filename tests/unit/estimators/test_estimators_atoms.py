"""Columns that mix single values with a continuous rest: found, normalized, and fitted to a closed form."""

import numpy as np
import pytest
import torch
from scipy import stats

import motherlode
from motherlode.estimators import LikelihoodEstimator
from motherlode.estimators.density import Atomic
from motherlode.estimators.density.heads import find_atoms
from motherlode.events import Events
from motherlode.training import TrainingOptions

LOW, HIGH = -1.0, 1.0


def zero_inflated(count, seed=0):
    """x_1 = 0 with probability σ(2θ), else lognormal(θ, 0.5); x_2 ~ N(x_1 > 0, 0.3)."""
    generator = np.random.default_rng(seed)
    theta = generator.uniform(LOW, HIGH, (count, 1))
    fires = generator.random(count) > 1.0 / (1.0 + np.exp(-2.0 * theta[:, 0]))
    first = np.where(fires, generator.lognormal(theta[:, 0], 0.5), 0.0)
    x = np.stack([first, fires + 0.3 * generator.normal(size=count)], 1)
    nothing = np.zeros((count, 0))
    return Events(theta, np.zeros((count, 0, 1)), x, nothing, np.zeros((count, 1)), seed=seed, exchangeable=True)


def exact(x, theta):
    """log p(x|θ), a probability where x_1 = 0 and a density elsewhere."""
    fires = x[:, 0] > 0
    chance = stats.logistic.logcdf(np.where(fires, -2.0, 2.0) * theta[:, 0])
    safe = np.where(fires, x[:, 0], 1.0)
    rest = np.where(fires, stats.lognorm.logpdf(safe, 0.5, scale=np.exp(theta[:, 0])), 0.0)
    return chance + rest + stats.norm.logpdf(x[:, 1], fires, 0.3)


def build(atoms=((0.0,), (1.0, -1.0)), context=2):
    torch.manual_seed(0)
    head = Atomic(atoms, context, (16,), "silu")
    values = torch.randn(500, len(atoms)).double()
    head.fit(values, torch.randn(500, 1).double())
    return head


def test_values_that_come_back_are_found():
    generator = np.random.default_rng(1)
    energy = np.where(generator.random(4000) < 0.03, 0.0, generator.gamma(2.0, size=4000))
    clipped = np.minimum(generator.normal(size=4000), 1.5)
    rounded = np.round(generator.normal(size=4000), 1) + 0.05
    rare = np.where(np.arange(4000) < 9, 0.5, generator.normal(size=4000))
    fine = np.round(generator.normal(size=4000), 3)
    two = generator.choice([0.25, 0.75], 4000)
    columns = np.stack([energy, clipped, rare, fine, two, generator.integers(0, 3, 4000)], 1)
    assert find_atoms(columns, except_for=[5]) == {"columns": [0, 1, 4], "values": [[0.0], [1.5], [0.25, 0.75]]}
    assert 20 < len(find_atoms(rounded[:, None])["values"][0]) < 64


def test_probabilities_and_density_of_a_column_sum_to_one():
    head = build(((0.0, 1.0),))
    context = torch.tensor([[0.4, -0.3]])
    axis = torch.linspace(-30.0, 30.0, 20_002).double().unsqueeze(1)
    with torch.no_grad():
        density = head.log_prob(axis, context.expand(len(axis), 2)).exp()
        chances = head.log_prob(torch.tensor([[0.0], [1.0]]).double(), context.expand(2, 2)).exp()
    total = float(density.sum() * (axis[1] - axis[0])) + float(chances.sum())
    assert total == pytest.approx(1.0, abs=1e-3)
    assert 0.05 < float(chances.sum()) < 0.95


def test_draws_meet_the_atoms_as_often_as_they_should():
    head = build()
    context = torch.tensor([[0.4, -0.3]]).expand(20_000, 2)
    torch.manual_seed(3)
    draws = head.sample(context)
    point = torch.tensor([[0.0, -1.0]]).double()
    with torch.no_grad():
        expected = float(head.log_prob(point, context[:1]).exp())
    share = float((draws == point).all(-1).double().mean())
    assert abs(share - expected) < 4.5 * np.sqrt(expected * (1 - expected) / len(draws))


def test_gradients_are_finite_at_an_atom_where_the_rest_has_a_logarithm():
    head = Atomic([[0.0]], 1, (8,), "silu")
    head.fit(torch.randn(200, 1).double().exp(), torch.randn(200, 1).double())
    assert head.coordinates[0].kind.item() != 0
    context = torch.zeros(2, 1, requires_grad=True)
    (slope,) = torch.autograd.grad(head.log_prob(torch.tensor([[0.0], [2.0]]).double(), context).sum(), context)
    assert torch.isfinite(slope).all()


def test_a_zero_inflated_column_is_learned():
    """The mean of log p - log p̂ over fresh events is the divergence: small, and finite at all only with atoms."""
    estimator = LikelihoodEstimator.for_events(zero_inflated(4000))
    assert estimator.configuration["atoms"] == {"columns": [0], "values": [[0.0]]}
    options = TrainingOptions(steps=1500)
    motherlode.train(zero_inflated(4000), motherlode.losses.nle, estimator, progress=False, options=options)
    fresh = zero_inflated(4000, seed=9)
    gap = exact(fresh.x, fresh.theta) - estimator.log_prob(fresh.x, fresh.theta)
    assert abs(gap.mean()) < 0.02 + 4.5 * gap.std() / np.sqrt(len(gap))
    draws = estimator.sample(np.full((20_000, 1), 0.5))
    chance = 1.0 / (1.0 + np.exp(-1.0))
    share = (draws[:, 0] == 0).mean()
    assert share * np.log(share / chance) + (1 - share) * np.log((1 - share) / (1 - chance)) < 0.02
    assert draws[draws[:, 0] > 0, 0].min() > 0


def test_the_head_can_be_overridden_and_is_saved(tmp_path):
    data = zero_inflated(500)
    flow = LikelihoodEstimator.for_events(data, atoms={}, density="nsf")
    assert flow.atomic is None
    assert flow.configuration["density"] == "nsf"
    head = LikelihoodEstimator.for_events(data)
    head.fit_scaling(motherlode.training.data.split.as_batch(data, motherlode.losses.nle))
    again = motherlode.load(head.save(tmp_path / "head.model"))
    np.testing.assert_array_equal(again.log_prob(data.x, data.theta), head.eval().log_prob(data.x, data.theta))
