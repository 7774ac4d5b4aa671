"""Densities against mpmath at 40 digits, in the bulk, in the tails and at the edges of the support."""

import mpmath as mp
import numpy as np
import pytest

from motherlode.families import FAMILIES, WIRE_FAMILIES

INF = np.inf

mp.mp.dps = 40


def log(x):
    return mp.log(x) if x > 0 else mp.mpf("-inf")


def power(x, n):
    """Return n·log(x), with 0·log(0) = 0."""
    return mp.mpf(0) if n == 0 else n * log(x)


REFERENCE = {
    "Normal": lambda v, m, s: -(((v - m) / s) ** 2) / 2 - mp.log(s) - mp.log(2 * mp.pi) / 2,
    "Uniform": lambda v, a, b: -mp.log(b - a),
    "Poisson": lambda v, r: power(r, v) - r - mp.loggamma(v + 1),
    "Bernoulli": lambda v, p: log(p) if v == 1 else log(1 - p),
    "Beta": lambda v, a, b: power(v, a - 1) + power(1 - v, b - 1) - mp.log(mp.beta(a, b)),
    "Exponential": lambda v, r: mp.log(r) - r * v,
    "Gamma": lambda v, a, r: a * mp.log(r) + power(v, a - 1) - r * v - mp.loggamma(a),
    "LogNormal": lambda v, m, s: -(((mp.log(v) - m) / s) ** 2) / 2 - mp.log(s * v) - mp.log(2 * mp.pi) / 2,
    "Binomial": lambda v, n, p: mp.log(mp.binomial(n, v)) + power(p, v) + power(1 - p, n - v),
    "Geometric": lambda v, p: power(1 - p, v - 1) + log(p),
    "Weibull": lambda v, s, k: mp.log(k / s) + power(v / s, k - 1) - (v / s) ** k,
}

POINTS = {
    "Normal": [(0.3, -1.0, 2.0), (1e3, 0.0, 1.0), (-38.0, 0.5, 0.01), (1e-8, 0.0, 1e-9), (1e200, 0.0, 1e190)],
    "Uniform": [(0.3, 0.0, 1.0), (-1.0, -1.0, 2.0), (2.0, -1.0, 2.0), (1e-300, 0.0, 1e-299)],
    "Poisson": [(0, 3.0), (7, 3.0), (200, 1.0), (0, 1e-12), (1, 1e-300), (0, 0.0), (1000, 900.0), (3, 700.0)],
    "Bernoulli": [(1, 1e-12), (0, 1e-12), (1, 0.3), (0, 1 - 2.0**-53), (1, 1e-300), (0, 0.0), (1, 1.0)],
    "Beta": [(0.3, 2.0, 5.0), (1e-300, 0.5, 0.5), (1e-10, 50.0, 1.0), (0.0, 1.0, 3.0), (1.0, 3.0, 1.0)],
    "Exponential": [(0.0, 2.0), (1e3, 5.0), (1e-300, 1e-3), (700.0, 1e3)],
    "Gamma": [(0.5, 2.0, 3.0), (1e-300, 0.1, 1.0), (1e3, 2.0, 5.0), (0.0, 1.0, 2.0), (1e-5, 30.0, 0.1)],
    "LogNormal": [(1.0, 0.0, 1.0), (1e-300, 0.0, 1.0), (1e300, 2.0, 0.5), (1e-3, -7.0, 1e-3)],
    "Binomial": [(3, 10, 0.3), (0, 10, 1e-12), (10, 10, 1e-12), (0, 5, 0.0), (5, 5, 1.0), (400, 1000, 0.01)],
    "Geometric": [(1, 1e-300), (10**9, 1e-12), (50, 0.9), (1, 1.0), (1, 0.3)],
    "Weibull": [(1.0, 2.0, 1.5), (1e-300, 1.0, 0.5), (50.0, 1.0, 2.0), (0.0, 2.0, 1.0), (0.7, 0.7, 40.0)],
}

OUTSIDE = {
    "Uniform": [(-0.1, 0.0, 1.0), (1.1, 0.0, 1.0)],
    "Poisson": [(-1, 3.0), (0.5, 3.0), (2, 0.0)],
    "Bernoulli": [(0.5, 0.5), (2, 0.5), (-1, 0.5), (1, 0.0), (0, 1.0)],
    "Beta": [(-0.1, 2.0, 2.0), (1.1, 2.0, 2.0), (0.0, 2.0, 2.0), (1.0, 2.0, 2.0)],
    "Exponential": [(-1e-300, 1.0)],
    "Gamma": [(-1.0, 2.0, 1.0), (0.0, 2.0, 1.0)],
    "LogNormal": [(0.0, 0.0, 1.0), (-1.0, 0.0, 1.0)],
    "Binomial": [(-1, 5, 0.5), (6, 5, 0.5), (2.5, 5, 0.5), (1, 5, 0.0), (4, 5, 1.0)],
    "Geometric": [(0, 0.5), (-1, 0.5), (1.5, 0.5), (2, 1.0)],
    "Weibull": [(-1.0, 1.0, 2.0), (0.0, 1.0, 2.0)],
}

INVALID = {
    "Normal": [(0.0, 0.0), (0.0, -1.0), (np.nan, 1.0), (INF, 1.0), (0.0, INF)],
    "Uniform": [(1.0, 1.0), (2.0, 1.0), (0.0, INF), (np.nan, 1.0)],
    "Poisson": [(-1.0,), (INF,), (np.nan,)],
    "Bernoulli": [(-0.1,), (1.1,), (np.nan,)],
    "Beta": [(0.0, 1.0), (1.0, -1.0), (INF, 1.0)],
    "Exponential": [(0.0,), (-1.0,), (INF,)],
    "Gamma": [(0.0, 1.0), (1.0, 0.0), (np.nan, 1.0)],
    "LogNormal": [(0.0, 0.0), (INF, 1.0)],
    "Binomial": [(2.5, 0.5), (-1, 0.5), (5, 1.5), (INF, 0.5)],
    "Geometric": [(0.0,), (-0.1,), (1.1,), (np.nan,)],
    "Weibull": [(0.0, 1.0), (1.0, 0.0)],
}


def flat(table):
    return [pytest.param(name, point, id=f"{name}{point}") for name, points in table.items() for point in points]


def test_every_family_of_the_wire_is_here():
    assert {*REFERENCE, "Categorical"} == {family.name for family in WIRE_FAMILIES}
    assert set(POINTS) == set(INVALID) == set(REFERENCE)


@pytest.mark.parametrize(("name", "point"), flat(POINTS))
def test_against_mpmath(name, point):
    exact = float(REFERENCE[name](*map(mp.mpf, point)))
    found = FAMILIES[name].log_prob(*point)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, exact, rtol=2e-13, atol=1e-12)


@pytest.mark.parametrize(("name", "point"), flat(OUTSIDE))
def test_outside_the_support_is_minus_infinity(name, point):
    assert FAMILIES[name].log_prob(*point) == -INF


@pytest.mark.parametrize(("name", "point"), flat(INVALID))
def test_outside_the_domain_is_nan(name, point):
    assert np.isnan(FAMILIES[name].log_prob(1.0, *point))


def test_bernoulli_is_not_clamped():
    """Densities are float64: those in float32 clamp 1e-12 to 1.2e-7, which gives -15.9."""
    assert FAMILIES["Bernoulli"].log_prob(1, 1e-12) == pytest.approx(-27.631021115928547, rel=1e-15)
    assert FAMILIES["Bernoulli"].log_prob(0, 1e-12) == pytest.approx(-1.0000000000005e-12, rel=1e-12)


def test_categorical():
    family = FAMILIES["Categorical"]
    np.testing.assert_allclose(family.log_prob([0, 1, 2], [2.0, 3.0, 5.0]), np.log([0.2, 0.3, 0.5]), rtol=1e-15)
    assert family.log_prob(1, [1.0, 1e-300]) == pytest.approx(np.log(1e-300), rel=1e-15)
    np.testing.assert_array_equal(family.log_prob([-1, 3, 0.5, 1], [1.0, 0.0, 1.0]), [-INF] * 4)
    assert np.isnan(family.log_prob(0, [0.0, 0.0]))
    assert np.isnan(family.log_prob(0, [-1.0, 2.0]))
    batch = family.log_prob(np.array([[0], [1]]), np.array([[[1.0, 3.0]], [[1.0, 1.0]]]))
    np.testing.assert_allclose(batch, np.log([[0.25], [0.5]]), rtol=1e-15)


@pytest.mark.parametrize("name", REFERENCE)
def test_broadcasts(name):
    points = POINTS[name][:3]
    columns = [np.array(column, dtype=np.float64) for column in zip(*points, strict=True)]
    whole = FAMILIES[name].log_prob(columns[0][:, None], *columns[1:])
    assert whole.shape == (3, 3)
    single = [FAMILIES[name].log_prob(*point) for point in points]
    np.testing.assert_array_equal(np.diag(whole), single)


@pytest.mark.parametrize(
    ("name", "parameters", "values"),
    [
        ("Binomial", (30, 0.37), np.arange(31)),
        ("Poisson", (11.0,), np.arange(200)),
        ("Bernoulli", (0.2,), np.arange(2)),
        ("Categorical", ([1.0, 2.0, 4.0],), np.arange(3)),
    ],
)
def test_discrete_probabilities_sum_to_one(name, parameters, values):
    assert np.exp(FAMILIES[name].log_prob(values, *parameters)).sum() == pytest.approx(1.0, abs=1e-12)
