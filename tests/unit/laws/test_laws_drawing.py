"""Draws follow their law whoever wrote it; row i is the same whichever rows are asked; plain data rebuild the law."""

import json

import numpy as np
import pytest
from laws_of_all_kinds import CASES
from scipy import stats

from motherlode import Law
from motherlode.laws import LawError

ALPHA = 1e-5


@pytest.mark.parametrize("name", CASES)
def test_every_component_follows_its_law(name):
    form, references = CASES[name]
    points = Law.of(form).draw(seed=3, first=0, count=20_000, copies=2)
    for column, reference in enumerate(references):
        for copy in range(2 if reference is not None else 0):
            test = stats.kstest if callable(reference) else stats.ks_2samp
            assert test(points[:, copy, column], reference).pvalue > ALPHA / (2 * len(references))


@pytest.mark.parametrize("name", CASES)
def test_row_i_is_row_i(name):
    law = Law.of(CASES[name][0])
    whole = law.draw(5, 0, 9000, copies=3)
    assert whole.shape == (9000, 3, law.dimension)
    for first, count in ((0, 1), (4095, 2), (4096, 4096), (1, 8999)):
        np.testing.assert_array_equal(law.draw(5, first, count, copies=3), whole[first : first + count])
    assert not np.array_equal(law.draw(6, 0, 10, copies=3), whole[:10])
    np.testing.assert_array_equal(law.sample(50, seed=5), law.draw(5, 0, 50)[:, 0])


@pytest.mark.parametrize("name", CASES)
def test_plain_data_rebuild_the_law(name):
    law = Law.of(CASES[name][0])
    data = json.loads(json.dumps(law.to_json()))
    again = Law.from_json(data)
    assert again.names == law.names
    assert again.to_json() == law.to_json() == data
    theta = law.sample(200, seed=2)
    np.testing.assert_allclose(again.sample(200, seed=2), theta, rtol=1e-12)
    np.testing.assert_allclose(again.log_prob(theta), law.log_prob(theta), rtol=1e-12, atol=1e-12)
    assert law.support.contains(theta).all()
    assert np.isfinite(law.log_prob(theta)).all()
    np.testing.assert_array_equal(again.support.low, law.support.low)


def test_correlated_components_are_correlated():
    theta = Law.of(CASES["torch correlated"][0]).sample(20_000, seed=0)
    exact = 0.6 / 2.0**0.5
    error = (1 - exact**2) / np.sqrt(20_000)
    assert abs(np.corrcoef(theta.T)[0, 1] - exact) < stats.norm.ppf(1 - ALPHA / 2) * error


def test_copies_near_each_other_follow_the_law_and_need_quantiles():
    law = Law.of({"a": {"log_normal": [0.0, 0.5]}, "b": {"delta": 2.0}})
    points = law.draw(1, 0, 20_000, copies=2, near=0.1)
    assert stats.kstest(points[:, 0, 0], points[:, 1, 0]).pvalue > ALPHA
    unit = stats.lognorm(0.5).cdf(points[..., 0])
    assert np.abs(unit[:, 0] - unit[:, 1]).max() <= 0.1 + 1e-12
    assert (points[..., 1] == 2.0).all()
    with pytest.raises(LawError, match="depend on one another"):
        Law.of(CASES["torch correlated"][0]).draw(1, 0, 10, copies=2, near=0.1)
    with pytest.raises(LawError, match="depend on one another"):
        Law.of(CASES["scipy correlated"][0]).quantile(np.full((1, 2), 0.5))
