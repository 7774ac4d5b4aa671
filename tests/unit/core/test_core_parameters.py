"""θ that cannot be right is refused before anything runs, with the value, its place and the remedy."""

import numpy as np
import pytest

from motherlode.core import ParameterError, Parameters
from motherlode.core.parameters import supported_on

BOX = Parameters(("mass", "width"), (0.0, -1.0), (10.0, 1.0))


@pytest.mark.parametrize("theta", [[1.0, 0.5], [[1.0, 0.5]], np.array([[1, 0]])])
def test_shapes_that_mean_rows(theta):
    checked = BOX.check(theta)
    assert checked.shape == (1, 2)
    assert checked.dtype == np.float64


@pytest.mark.parametrize(
    ("theta", "match"),
    [
        ([[1.0]], r"shape \(1, 1\).*\(N, 2\).*mass, width"),
        (np.zeros((2, 2, 2)), "one row an event"),
        (np.zeros((0, 2)), "N ≥ 1"),
        ([[1.0, np.nan]], r"theta\[0, 1\] \(width\) is nan; it must be finite"),
        ([[1.0, 0.0], [np.inf, 0.0]], r"theta\[1, 0\] \(mass\) is inf"),
        ([[1.0, 0.0], [11.0, 0.0]], r"theta\[1, 0\] has mass = 11, outside \[0, 10\].*widen"),
        ("heavy", "no array of numbers"),
        ([[1.0, 2.0], [3.0]], "no array of numbers"),
    ],
)
def test_refused(theta, match):
    with pytest.raises(ParameterError, match=match):
        BOX.check(theta)


def test_bounds_themselves_are_inside():
    BOX.check([[0.0, -1.0], [10.0, 1.0]])


@pytest.mark.parametrize("given", [None, [], np.empty((5, 0, 2))])
def test_no_alternatives(given):
    assert BOX.check_alternatives(given, 5).shape == (5, 0, 2)


def test_shared_alternatives_are_spread_over_events():
    others = BOX.check_alternatives([[1.0, 0.0], [2.0, 0.5]], 3)
    assert others.shape == (3, 2, 2)
    np.testing.assert_array_equal(others[2], [[1.0, 0.0], [2.0, 0.5]])


@pytest.mark.parametrize(
    "given", [[1.0, 0.0], np.zeros((4, 1, 2)), np.zeros((3, 1, 1)), [[np.nan, 0.0]], [[99.0, 0.0]]]
)
def test_alternatives_refused(given):
    with pytest.raises(ParameterError, match="alternatives"):
        BOX.check_alternatives(given, 3)


@pytest.mark.parametrize(
    ("names", "low", "high", "match"),
    [
        (("a", "a"), None, None, "distinct"),
        ((), None, None, "at least one"),
        (("a",), (0.0,), None, "both"),
        (("a",), (0.0, 1.0), (2.0, 3.0), "as many bounds"),
        (("a",), (1.0,), (1.0,), r"a in \[1, 1\]"),
        (("a",), (0.0,), (np.inf,), "finite"),
        (("a",), (np.nan,), (1.0,), "finite"),
    ],
)
def test_declarations_refused(names, low, high, match):
    with pytest.raises(ParameterError, match=match):
        Parameters(names, low, high)


def test_one_name_and_scalar_bounds_are_enough():
    assert Parameters("mu", -1, 2) == Parameters(("mu",), (-1.0,), (2.0,))
    assert Parameters(("a", "b"), 0.1, [2, 3]) == Parameters(("a", "b"), (0.1, 0.1), (2.0, 3.0))


def test_probe_box_is_the_declared_one():
    low, high = BOX.probe_box(np.array([[5.0, 0.0]]))
    np.testing.assert_array_equal([low, high], [[0.0, -1.0], [10.0, 1.0]])


def test_probe_box_spans_what_is_asked_where_nothing_is_declared():
    free = Parameters(("a", "b"))
    low, high = free.probe_box(np.array([[0.0, 4.0], [2.0, 4.0]]), np.array([[[6.0, 4.0]], [[1.0, 4.0]]]))
    np.testing.assert_array_equal([low, high], [[-3.0, 2.0], [9.0, 6.0]])


def test_probe_box_stays_inside_the_support_of_the_proposal():
    points = np.array([[0.2, 1.0, -1.0], [0.9, 3.0, 1.0]])
    with supported_on(np.array([0.1, 0.0, -np.inf]), np.array([1.0, np.inf, np.inf])):
        low, high = Parameters(("a", "b", "c")).probe_box(points)
        assert BOX.probe_box(points[:, :2])[0].tolist() == [0.0, -1.0]
    np.testing.assert_allclose([low, high], [[0.1, 0.0, -2.0], [1.0, 4.0, 2.0]])
    assert Parameters("a").probe_box(points[:, :1])[0] < 0.1


def test_steps():
    cube = np.cbrt(np.finfo(float).eps)
    np.testing.assert_allclose(BOX.steps(np.array([[5.0, 0.5]])), [[5 * cube, 1.0 * cube]], rtol=1e-15)
    np.testing.assert_allclose(Parameters(("a",)).steps(np.array([[100.0], [0.0]])), [[100 * cube], [cube]], rtol=1e-15)


def test_round_trip_through_plain_data():
    assert Parameters.from_json(BOX.to_json()) == BOX
    assert Parameters.from_json(Parameters(("a",)).to_json()) == Parameters(("a",))
