"""Programs written on `draw` itself, so that gold is tested without any front end."""

import numpy as np

from motherlode.core import Parameters
from motherlode.families import FAMILIES
from motherlode.gold import mine
from motherlode.tracing import draw, intern

SITES = [intern(f"program:{i}") for i in range(10)]


def ask(i, family, *parameters, **options):
    return draw(SITES[i], FAMILIES[family], parameters, **options)


def chain(theta):
    """z ~ Normal(θ, 2), x ~ Normal(z, 1): the linear-Gaussian toy."""
    z = ask(0, "Normal", theta[0], 2.0)
    return ask(1, "Normal", z, 1.0)


def mixed(theta):
    """Use two parameters, arrays, counts, a loop that ends on draws, and a draw that θ does not touch."""
    n = int(ask(0, "Poisson", np.exp(theta[0])))
    steps = [ask(1, "Exponential", theta[1] ** 2 + i) for i in range(n)]
    z = ask(2, "Normal", np.array([theta[0], theta[1], 0.0]), np.array([1.0, 2.0, 0.5]))
    k = int(ask(3, "Categorical", np.array([1.0, theta[1], 0.3])))
    while ask(4, "Bernoulli", 1 / (1 + np.exp(-theta[0]))) == 0:
        n += 1
    return np.array([n, sum(steps), *z, k])


MIXED = Parameters(("a", "b"), (-1.0, 0.2), (1.0, 2.0))


def run(program, theta, alternatives=(), low=None, high=None, *, root=1, first=0, traces=False, parameters=None):
    theta = np.atleast_2d(np.asarray(theta, dtype=float).T).T
    names = tuple(f"p{d}" for d in range(theta.shape[1]))
    parameters = parameters or Parameters(names, low, high)
    others = parameters.check_alternatives(alternatives, len(theta))
    return mine(program, parameters, parameters.check(theta), others, root=root, first=first, traces=traces)
