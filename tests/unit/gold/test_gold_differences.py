"""The stencil is exact for parabolas, of second order beyond, and stays inside the bounds."""

import numpy as np
import pytest

from motherlode.core import Parameters
from motherlode.families import FAMILIES
from motherlode.gold.differences import stencil
from motherlode.gold.scoring import log_probs
from motherlode.tracing.branching import RecordedDraw


def derivative(function, theta, steps, parameters):
    points, weights = stencil(np.atleast_1d(theta), np.atleast_1d(steps), parameters)
    terms = weights * (np.array([function(point) for point in points]) - function(np.atleast_1d(theta)))
    return terms[0::2] + terms[1::2]


BOX = Parameters(("a", "b"), (0.0, -2.0), (1.0, 2.0))


@pytest.mark.parametrize("theta", [[0.5, 0.0], [0.0, 2.0], [1.0, -2.0], [0.05, 1.95]])
def test_exact_for_parabolas(theta):
    theta = np.array(theta)
    found = derivative(lambda t: 3 * t[0] ** 2 - t[0] * t[1] + t[1] ** 2, theta, [0.1, 0.1], BOX)
    np.testing.assert_allclose(found, [6 * theta[0] - theta[1], 2 * theta[1] - theta[0]], atol=1e-12)


@pytest.mark.parametrize("theta", [[0.0, 0.3], [0.999, 2.0], [0.5, -1.9999]])
def test_points_stay_inside(theta):
    points, _ = stencil(np.array(theta), np.array([0.01, 0.01]), BOX)
    assert np.all(points >= BOX.low)
    assert np.all(points <= BOX.high)
    assert points.shape == (4, 2)
    moved = points != theta
    assert moved.sum(axis=1).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("theta", [0.3, 0.0, 1.0])
def test_second_order(theta):
    one = Parameters(("a",), (0.0,), (1.0,))
    errors = [abs(derivative(lambda t: np.exp(t[0]), theta, h, one)[0] - np.exp(theta)) for h in (1e-2, 5e-3)]
    assert 3.5 < errors[0] / errors[1] < 4.5


def test_rounded_points_do_not_spoil_the_step():
    theta, h = 1e6, 3e-7
    found = derivative(lambda t: t[0] - 1e6, theta, h, Parameters(("a",)))
    assert found[0] == pytest.approx(1.0, abs=1e-12)


def test_many_events_at_once():
    theta, steps = np.array([[0.5, 0.0], [1.0, 2.0]]), np.full((2, 2), 0.01)
    points, weights = stencil(theta, steps, BOX)
    for row in range(2):
        single = stencil(theta[row], steps[row], BOX)
        np.testing.assert_array_equal(points[row], single.points)
        np.testing.assert_array_equal(weights[row], single.weights)


def test_log_probs_tells_lanes_of_all_shapes_apart():
    normal, categorical, binomial = (FAMILIES[name] for name in ("Normal", "Categorical", "Binomial"))
    draws = [
        RecordedDraw(0, normal, (0.0, 1.0), 0.5, False),
        RecordedDraw(1, normal, (np.zeros(2), 1.0), np.array([0.1, 0.2]), False),
        RecordedDraw(2, categorical, (np.array([1.0, 3.0]),), 1, False),
        RecordedDraw(3, categorical, (np.array([[1.0, 1.0, 2.0]] * 2),), np.array([0, 2]), False),
        RecordedDraw(4, binomial, (5, 0.5), 2, False),
        RecordedDraw(5, normal, (0.0, 1.0), np.empty(0), False),
    ]
    other = [(1.0, 1.0), (np.array([0.0, 1.0]), 2.0), (np.array([1.0, 1.0]),), (np.ones(3),), (6, 0.5), (0.0, 1.0)]
    found = log_probs(draws, [[d.parameters for d in draws], other])
    np.testing.assert_array_equal(found.draw, [0, 1, 1, 2, 3, 3, 4])
    expected = [
        [normal.log_prob(0.5, 0, 1), *normal.log_prob([0.1, 0.2], 0, 1), np.log(0.75), np.log(0.25), np.log(0.5),
         binomial.log_prob(2, 5, 0.5)],
        [normal.log_prob(0.5, 1, 1), *normal.log_prob([0.1, 0.2], [0, 1], 2), np.log(0.5), *np.log([1 / 3] * 2),
         binomial.log_prob(2, 6, 0.5)],
    ]  # fmt: skip
    np.testing.assert_allclose(found.log_prob, np.array(expected, dtype=float), rtol=1e-14)
    np.testing.assert_array_equal(found.moved, [[False] * 7, [False] * 6 + [True]])
