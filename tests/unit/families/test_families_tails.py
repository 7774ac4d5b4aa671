"""The families that have no number on the wire, in their tails: against mpmath at 40 digits."""

import mpmath as mp
import numpy as np
import pytest

from motherlode.families import FAMILIES

mp.mp.dps = 40

REFERENCE = {
    "Geometric": lambda v, p: (v - 1) * mp.log(1 - p) + mp.log(p),
    "NegativeBinomial": lambda v, n, p: mp.log(mp.binomial(v + n - 1, v)) + n * mp.log(p) + v * mp.log(1 - p),
    "Hypergeometric": lambda v, g, b, d: mp.log(mp.binomial(g, v) * mp.binomial(b, d - v) / mp.binomial(g + b, d)),
    "LogSeries": lambda v, p: v * mp.log(p) - mp.log(v) - mp.log(-mp.log(1 - p)),
    "Zipf": lambda v, a: -a * mp.log(v) - mp.log(mp.zeta(a)),
    "Gumbel": lambda v, m, s: -(v - m) / s - mp.exp(-(v - m) / s) - mp.log(s),
    "Laplace": lambda v, m, s: -abs(v - m) / s - mp.log(2 * s),
    "Logistic": lambda v, m, s: -(v - m) / s - mp.log(s) - 2 * mp.log(1 + mp.exp(-(v - m) / s)),
    "Cauchy": lambda v, m, s: -mp.log(mp.pi * s) - mp.log(1 + ((v - m) / s) ** 2),
    "StudentT": lambda v, n: (
        mp.loggamma((n + 1) / 2) - mp.loggamma(n / 2) - mp.log(n * mp.pi) / 2 - (n + 1) / 2 * mp.log(1 + v**2 / n)
    ),
    "Lomax": lambda v, a: mp.log(a) - (a + 1) * mp.log(1 + v),
    "Power": lambda v, a: mp.log(a) + (a - 1) * mp.log(v),
    "Rayleigh": lambda v, s: mp.log(v / s**2) - v**2 / (2 * s**2),
    "VonMises": lambda v, m, k: k * mp.cos(v - m) - mp.log(2 * mp.pi * mp.besseli(0, k)),
    "Wald": lambda v, m, s: mp.log(s / (2 * mp.pi * v**3)) / 2 - s * (v - m) ** 2 / (2 * m**2 * v),
}

POINTS = {
    "Geometric": [(1, 1e-12), (10**6, 1e-6), (50, 0.9)],
    "NegativeBinomial": [(0, 3, 1e-6), (1000, 2.5, 0.01), (7, 3, 0.999)],
    "Hypergeometric": [(0, 50, 60, 40), (40, 50, 60, 40), (3, 5, 4, 6)],
    "LogSeries": [(1, 1e-12), (1000, 0.5), (3, 0.999)],
    "Zipf": [(1, 1.01), (10**6, 2.5), (40, 30.0)],
    "Gumbel": [(-5.0, 0.0, 1.0), (700.0, 0.0, 1.0), (0.0, 3.0, 0.5)],
    "Laplace": [(1e6, 0.0, 1.0), (0.0, 0.0, 1e-6)],
    "Logistic": [(-800.0, 0.0, 1.0), (800.0, 0.0, 1.0), (0.3, 0.0, 1e-3)],
    "Cauchy": [(1e8, 0.0, 1.0), (1e-3, 0.0, 1e-3), (1e200, 0.0, 1.0)],
    "StudentT": [(1e6, 3.0), (-1e200, 0.1), (0.0, 0.5), (3.0, 1e4)],
    "Lomax": [(1e-12, 2.0), (1e12, 0.5)],
    "Power": [(1e-300, 0.5), (0.999, 50.0)],
    "Rayleigh": [(1e-300, 1.0), (40.0, 1.0)],
    "VonMises": [(3.0, 0.0, 1e-3), (0.1, 0.0, 600.0), (-3.0, 1.0, 50.0)],
    "Wald": [(1e-3, 1.0, 2.0), (100.0, 1.0, 2.0), (1.0, 1.0, 1e-6)],
}


@pytest.mark.parametrize(
    ("name", "point"), [pytest.param(n, p, id=f"{n}{p}") for n, points in POINTS.items() for p in points]
)
def test_against_mpmath(name, point):
    exact = float(REFERENCE[name](*map(mp.mpf, point)))
    np.testing.assert_allclose(FAMILIES[name].log_prob(*point), exact, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", POINTS)
def test_nan_parameters_have_no_density(name):
    value, *parameters = POINTS[name][-1]
    for position in range(len(parameters)):
        broken = [np.nan if i == position else p for i, p in enumerate(parameters)]
        assert np.isnan(FAMILIES[name].log_prob(value, *broken))
