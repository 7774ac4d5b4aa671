r"""Solve the short process by uniformization of its generator on a bounded set of populations.

.. math:: p(T) = \sum_n \mathrm{Pois}(n; ΛT)\, (I + Q/Λ)^n p(0)
"""

import numpy as np
from scipy import stats

START = (50, 100)
SIZE = (160, 260)


def distribution(theta, duration=0.5):
    """Return p of each (predators, prey) after a time with shape SIZE; what is missing from 1 has left the set."""
    births, deaths, grows, eaten = np.exp(theta)
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]), indexing="ij")
    rates = [births * x * y, deaths * x, grows * y, eaten * x * y]
    reach = np.zeros(SIZE)
    reach[START] = 1.0
    most = float(sum(rates).max())
    count = int(stats.poisson.isf(1e-14, most * duration))
    weight = stats.poisson.pmf(np.arange(count + 1), most * duration)
    result = weight[0] * reach
    for n in range(1, count + 1):
        reach = _step(reach, rates, most)
        result += weight[n] * reach
    return result


def _step(p, rates, most):
    up_x, down_x, up_y, down_y = (p * rate / most for rate in rates)
    after = p - up_x - down_x - up_y - down_y
    after[1:] += up_x[:-1]
    after[:-1] += down_x[1:]
    after[:, 1:] += up_y[:, :-1]
    after[:, :-1] += down_y[:, 1:]
    return after


def log_likelihood(theta, x, duration=0.5):
    """Return log p(x|theta) with shape (N,) for one theta (4,) and populations x (N, 2)."""
    p = distribution(theta, duration)
    row = np.asarray(x, dtype=np.int64)
    with np.errstate(divide="ignore"):
        return np.log(p[row[:, 0], row[:, 1]])
