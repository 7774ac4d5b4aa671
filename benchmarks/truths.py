"""What is exactly known of each benchmark task at one pair of parameters: log r, the score and, where normed, log p."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tasks import MAKERS, REFERENCE
from torch import Tensor

__all__ = ["Truth", "exact", "truth"]

ROOT = Path(__file__).parents[1]
DRAWS = 4000
STEP = 1e-4
LOTKA = (np.array([-4.65, -0.65, 0.05, -4.85]), np.array([-4.75, -0.55, -0.05, -4.75]))

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Truth:
    """Exact values at outcomes of p(x|θ1).

    Attributes
    ----------
    theta0, theta1
        The pair, shape (D,).
    x
        Outcomes with shape (M, *L).
    weight
        p(x|θ1) where x are all outcomes, ones where they are drawn, shape (M,).
    log_ratio
        log p(x|θ0) - log p(x|θ1), shape (M,).
    score
        ∇θ log p(x|θ1), shape (M, D).
    log_p
        log p(x|θ1), shape (M,); None where an estimator's density has another measure or p is known up to c(x).
    """

    theta0: Array
    theta1: Array
    x: Array
    weight: Array
    log_ratio: Array
    score: Array
    log_p: Array | None = None


def exact(task: str) -> Any:
    """Return simulators/TASK/exact.py as a module."""
    path = ROOT / "simulators" / task / "exact.py"
    specification = importlib.util.spec_from_file_location(f"exact_{task}", path)
    if specification is None or specification.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@cache
def truth(task: str) -> Truth:
    """Return what is known of a task at its pair."""
    tables: dict[str, Callable[[], Truth]] = {"galton": _galton, "ising": _ising, "lotka_volterra": _lotka_volterra}
    return tables[task]() if task in tables else _drawn(task)


def _galton() -> Truth:
    board = exact("galton")
    weight = board.distribution([-0.6])[0][0]
    pair = np.array([-0.8]), np.array([-0.6])
    score = np.asarray(board.score([-0.6])).reshape(-1, 1)
    return Truth(*pair, board.SLOTS.astype(np.float64), weight, board.log_ratio(-0.8, -0.6), score, np.log(weight))


def _ising() -> Truth:
    lattice = exact("ising")
    outcomes, _ = lattice.outcomes()
    return _tabulated(lambda theta: lattice.distribution(theta[0]), outcomes, np.array([0.3]), np.array([0.4]))


def _lotka_volterra() -> Truth:
    process = exact("lotka_volterra")
    kept = process.distribution(LOTKA[1]).ravel() > 1e-7
    outcomes = np.argwhere(kept.reshape(process.SIZE)).astype(np.float64)
    found = _tabulated(lambda theta: process.distribution(theta).ravel()[kept], outcomes, *LOTKA)
    return Truth(**vars(found) | {"log_p": np.log(found.weight)})


def _tabulated(distribution: Callable[[Array], Array], outcomes: Array, theta0: Array, theta1: Array) -> Truth:
    weight = distribution(theta1)
    shifts = STEP * np.eye(len(theta1))
    score = [np.log(distribution(theta1 + d) / distribution(theta1 - d)) / (2 * STEP) for d in shifts]
    return Truth(theta0, theta1, outcomes, weight, np.log(distribution(theta0) / weight), np.stack(score, 1))


def _drawn(task: str) -> Truth:
    pairs: dict[str, Callable[[], tuple[list[float], list[float]]]] = {
        "linear_gaussian": lambda: ([1.0], [0.0]),
        "gaussian_mixture": lambda: ([0.3, -0.2], [0.0, 0.0]),
        "bernoulli_glm": _glm_pair,
    }
    theta0, theta1 = (torch.tensor(value).double() for value in pairs[task]())
    made = MAKERS[task]()
    x, _ = made.draw(theta1.expand(DRAWS, -1), torch.Generator().manual_seed(99))
    if made.log_likelihood is None:
        raise ValueError(f"{task} has no likelihood to compare with.")
    log_p, score = _score(made.log_likelihood, theta1, x)
    log_ratio = made.log_likelihood(theta0, x) - log_p
    normed = None if task == "bernoulli_glm" else log_p.numpy()
    arrays = (value.numpy() for value in (theta0, theta1, x))
    return Truth(*arrays, np.ones(DRAWS), log_ratio.numpy(), score.numpy(), normed)


def _score(log_likelihood: Callable[[Tensor, Tensor], Tensor], theta: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    leaf = theta.expand(len(x), -1).clone().requires_grad_()
    log_p = log_likelihood(leaf, x)
    return log_p.detach(), torch.autograd.grad(log_p.sum(), leaf)[0]


def _glm_pair() -> tuple[list[float], list[float]]:
    path = REFERENCE / "bernoulli_glm" / "observation_1" / "true_parameters.csv"
    true = np.loadtxt(path, delimiter=",", skiprows=1)
    return (0.5 * true).tolist(), true.tolist()
