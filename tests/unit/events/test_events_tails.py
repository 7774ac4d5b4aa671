"""The tail of a set of ratios says whether their mean can be believed."""

import numpy as np
import pytest

from motherlode.events import pareto_k
from motherlode.events.tails import effective_sample_size


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_pareto_shape_is_recovered(k):
    u = np.random.default_rng(3).random(100_000)
    assert pareto_k(u ** (-k)) == pytest.approx(k, abs=0.1)


def test_bounded_ratios_have_no_tail():
    assert pareto_k(np.ones(1000)) == -np.inf
    assert pareto_k(np.random.default_rng(1).random(5000)) < 0.1
    assert np.isnan(pareto_k(np.ones(24)))


def test_effective_sample_size():
    assert effective_sample_size(np.ones(10)) == pytest.approx(10)
    assert effective_sample_size([1.0, 0.0, 0.0]) == pytest.approx(1)
    assert effective_sample_size([1e200, 1e200]) == pytest.approx(2)
    assert effective_sample_size([]) == 0


@pytest.mark.parametrize("count", [25, 225, 226, 1001])
def test_the_tail_is_that_of_pareto_smoothed_importance_sampling(count):
    """k-hat of Vehtari et al. (2024) in their own words: fit the excesses of min(N/5, 3√N) values, shrink towards ½."""
    from arviz_stats.base import array_stats

    ratios = np.random.default_rng(count).random(count) ** -0.6
    assert pareto_k(ratios) == pytest.approx(float(array_stats.pareto_khat(ratios[None], r_eff=1.0, tail="right")))


def test_values_tied_with_the_largest_outside_are_no_tail():
    rng = np.random.default_rng(0)
    bounded = np.concatenate([np.ones(950), 1 + rng.random(50)])
    assert pareto_k(bounded) < 0
    assert pareto_k(np.where(rng.random(1000) < 0.05, 2.0, 1.0)) == -np.inf
    assert pareto_k(1.3 ** rng.binomial(10, 0.5, 10_000)) < 0


def test_few_values_above_the_rest_decide_nothing():
    assert np.isnan(pareto_k([*np.ones(96), 2.0, 3.0, 4.0, 50.0]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_decide_nothing(bad):
    assert np.isnan(pareto_k([*np.ones(99), bad]))
