"""Whole-number columns: found, with room for what did not occur, exact at any scale, a head that suits each."""

import numpy as np
import pytest
import torch
from scipy import stats

import motherlode
from motherlode.estimators import LikelihoodEstimator
from motherlode.estimators.density import Ordinal, WholeNumbers
from motherlode.estimators.density.heads import find_whole_numbers
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.events import Events
from motherlode.training.data.split import as_batch


def events(x, seed=0):
    """Events with these outcomes, shape ``(N, V)``, at random parameters."""
    theta = np.random.default_rng(seed).uniform(-1, 1, (len(x), 1))
    x = np.asarray(x, dtype=float)
    return Events(theta, np.zeros((len(x), 0, 1)), x, np.zeros((len(x), 0)), np.zeros((len(x), 1)), seed=seed)


def three(count=200):
    """A flag, a small count and a large one."""
    generator = np.random.default_rng(3)
    return np.stack([generator.integers(0, 2, count), generator.poisson(2, count), generator.poisson(1000, count)], 1)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([0, 1, 2], 0, 3),
        ([0, 1], 0, 2),
        ([7, 7], 6, 8),
        ([1, 5], 0, 6),
        ([0, 79], 0, 89),
        ([100, 179], 90, 189),
        ([-3, 4], -4, 5),
        ([-80, -1], -90, 9),
    ],
)
def test_numbers_next_to_those_that_occurred_are_possible(values, low, high):
    found = find_whole_numbers(np.array(values, dtype=float)[:, None])
    assert found == {"columns": [0], "lows": [low], "highs": [high]}


def test_a_count_that_did_not_occur_is_rare_not_impossible():
    x = np.random.default_rng(0).poisson(0.3, (60, 1))
    assert x.max() == 2
    estimator = LikelihoodEstimator.for_events(events(x))
    assert np.isfinite(estimator.log_prob(np.array([3.0]), np.zeros(1)))
    assert np.isneginf(estimator.log_prob(np.array([-1.0]), np.zeros(1)))


def test_numbers_too_large_for_any_fraction_are_left_to_a_density():
    huge = np.random.default_rng(0).lognormal(45.0, 0.3, (500, 1))
    assert (huge == np.round(huge)).all()
    assert find_whole_numbers(huge)["columns"] == []
    assert find_whole_numbers(np.array([[np.inf], [1.0]]))["columns"] == []


def test_a_column_is_whole_or_has_atoms():
    data, atoms = events(three()), {"columns": [1], "values": [[0.0]]}
    estimator = LikelihoodEstimator.for_events(data, atoms=atoms)
    assert estimator.configuration["whole"]["columns"] == [0, 2]
    assert estimator.configuration["atoms"] == atoms
    whole = {"columns": [0, 1], "lows": [0, 0], "highs": [1, 9]}
    assert LikelihoodEstimator.for_events(data, whole=whole).configuration["atoms"]["columns"] == []
    with pytest.raises(UnsuitableEstimator, match=r"\[1\] of x are in whole \(columns \[0, 1\]\) and in atoms"):
        LikelihoodEstimator(1, (3,), whole=whole, atoms=atoms)


@pytest.mark.parametrize("spread", [1e2, 1e7, 1e9, 1e12])
def test_wide_whole_numbers_have_the_density_of_a_logistic_mixture(spread):
    """A cell of width 1 far below the width of the law holds its density: log p + log sd does not depend on sd."""
    normal = np.random.default_rng(0).normal(size=(2000, 1))
    torch.manual_seed(0)
    head = Ordinal(1, 1, (16,), "silu")
    values = torch.as_tensor(np.round(normal * spread))
    head.fit(values)
    with torch.no_grad():
        log_p = head.log_prob(values, torch.zeros(2000, 1))
        weight, mean, width = head._split(head.networks[0], torch.zeros(1, 1))
    scaled = (values - head.location).numpy() / head.scale.numpy()
    mixture = (weight.exp().numpy() * stats.logistic.pdf(scaled, mean.numpy(), width.numpy())).sum(-1)
    np.testing.assert_allclose(log_p.numpy(), np.log(mixture) - np.log(head.scale.item()), atol=1e-4)


def test_the_score_of_wide_whole_numbers_is_finite_to_second_order():
    head = Ordinal(1, 1, (16,), "silu")
    values = torch.as_tensor(np.round(np.random.default_rng(0).normal(size=(50, 1)) * 1e8))
    head.fit(values)
    context = torch.randn(50, 1, requires_grad=True)
    (slope,) = torch.autograd.grad(head.log_prob(values, context).sum(), context, create_graph=True)
    slope.square().sum().backward()
    assert torch.isfinite(slope).all()
    assert all(torch.isfinite(weight.grad).all() for weight in head.parameters())


@pytest.mark.parametrize("count", [10, 500])
def test_whole_numbers_beyond_float32_stay_apart(count):
    """Ten or 500 neighbours above 2²⁶, where float32 has one number in eight, in a table or in cells of logistics."""
    x = 2.0**26 + np.random.default_rng(1).integers(0, count, (2000, 1))
    estimator = LikelihoodEstimator.for_events(events(x))
    estimator.fit_scaling(as_batch(events(x), motherlode.losses.nle))
    estimator.eval()
    grid = 2.0**26 + np.arange(-4000.0, 4000.0)[:, None]
    log_p = estimator.log_prob(grid, np.zeros((1, 1)))
    assert np.exp(log_p).sum() == pytest.approx(1.0, abs=1e-3)
    inside = (grid[:, 0] >= 2.0**26) & (grid[:, 0] < 2.0**26 + count)
    assert len(np.unique(log_p[inside])) == count
    draws = estimator.sample(np.zeros((20_000, 1)))
    odd = np.exp(log_p)[grid[:, 0] % 2 == 1].sum()
    assert abs((draws % 2).mean() - odd) < 4.5 * np.sqrt(odd * (1 - odd) / len(draws))


def test_each_column_gets_the_head_that_suits_it():
    estimator = LikelihoodEstimator.for_events(events(three()[:, [2, 0, 1]]))
    assert isinstance(estimator.head, WholeNumbers)
    assert estimator.head.narrow.tolist() == [1, 2]
    assert estimator.head.wide.tolist() == [0]


def test_tables_and_logistics_together_are_normalized_and_sampled_by_what_they_say():
    torch.manual_seed(0)
    head = WholeNumbers([0, -300, 0], [1, 300, 2], [0, 2], 1, (8,), "silu")
    head.fit(torch.randn(500, 3).double() * 20)
    axes = [torch.arange(0.0, 2.0), torch.arange(-600.0, 601.0), torch.arange(0.0, 3.0)]
    grid = torch.cartesian_prod(*axes).double()
    context = torch.zeros(1, 1)
    with torch.no_grad():
        p = head.log_prob(grid, context.expand(len(grid), 1)).exp()
    assert float(p.sum()) == pytest.approx(1.0, abs=1e-6)
    draws = head.sample(context.expand(20_000, 1))
    assert draws.dtype == torch.float64
    for point in ([1.0, 2.0], [0.0, 1.0]):
        met = (draws[:, [0, 2]] == torch.tensor(point)).all(-1)
        expected = float(p[(grid[:, [0, 2]] == torch.tensor(point)).all(-1)].sum())
        assert abs(float(met.double().mean()) - expected) < 4.5 * np.sqrt(expected / 20_000)
    mean = float((p * grid[:, 1]).sum())
    assert abs(float(draws[:, 1].mean()) - mean) < 4.5 * float(draws[:, 1].std()) / np.sqrt(20_000)


def test_mixed_whole_numbers_are_saved(tmp_path):
    data = events(three())
    estimator = LikelihoodEstimator.for_events(data)
    estimator.fit_scaling(as_batch(data, motherlode.losses.nle))
    again = motherlode.load(estimator.save(tmp_path / "whole.model"))
    np.testing.assert_array_equal(again.log_prob(data.x, data.theta), estimator.eval().log_prob(data.x, data.theta))
