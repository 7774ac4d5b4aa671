"""Gold of programs whose x tells all their draws, against probabilities written down by hand."""

import numpy as np
import pytest
from scipy import stats

from motherlode.frontends.errors import NotInstrumented
from motherlode.frontends.wrapping import wrap
from motherlode.tracing import LeakError

THETA, OTHER = 0.3, 0.5


def each(below: float, of: int, p: float) -> float:
    return p**below * (1 - p) ** (of - below)


def mask_changed_afterwards(theta, rng):
    u, mask = rng.random(4), np.array([True, False, True, False])
    chosen = u[mask]
    mask[:] = ~mask
    return 10 * np.sum(chosen < theta[0]) + np.sum(u[mask] < theta[0])


def list_changed_afterwards(theta, rng):
    u, index = rng.random(4), [0, 1]
    chosen = u[index]
    index[:] = [2, 3]
    return 10 * np.sum(chosen < theta[0]) + np.sum(u[index] < theta[0])


def transposed(theta, rng):
    below = theta[0] > rng.random((2, 2)).T
    return 10 * np.sum(below[0]) + np.sum(below[1])


def two_pairs(x, p):
    return each(x // 10, 2, p) * each(x % 10, 2, p)


def shuffled(theta, rng):
    items = list(range(2 + bool(rng.random() < theta[0])))
    rng.shuffle(items)
    return 10 * len(items) + items[0]


def permuted(theta, rng):
    count = 2 + bool(rng.random() < theta[0])
    return 10 * count + rng.permuted(np.arange(count))[0]


def sampled(theta, rng):
    count = 2 + bool(rng.random() < theta[0])
    return 10 * count + rng.sample(range(count), 1)[0]


def nothing_sampled(theta, rng):
    count = 2 + bool(rng.random() < theta[0])
    return 10 * count + len(rng.sample(range(count), 0)) + len(rng.permutation(0)) + rng.normal(size=0).sum()


def two_or_three(x, p):
    return p if x >= 30 else 1 - p


def drawn_from_dirichlet(theta, rng):
    return rng.dirichlet([theta[0], 1.0])[0]


PROGRAMS = [
    (mask_changed_afterwards, two_pairs),
    (list_changed_afterwards, two_pairs),
    (transposed, two_pairs),
    (shuffled, two_or_three),
    (permuted, two_or_three),
    (sampled, two_or_three),
    (nothing_sampled, two_or_three),
    (drawn_from_dirichlet, lambda x, p: stats.beta.pdf(x, p, 1.0)),
]


@pytest.mark.parametrize(("program", "truth"), PROGRAMS, ids=lambda part: getattr(part, "__name__", ""))
def test_gold_is_that_of_the_known_probabilities(program, truth):
    simulator = wrap(program, ("p",), 0.05, 0.95)
    events = simulator.mine(np.full((50, 1), THETA), [[OTHER]], seed=1)
    here, there = (np.array([truth(x, p) for x in events.x]) for p in (THETA, OTHER))
    step = 1e-6
    ends = [np.log([truth(x, p) for x in events.x]) for p in (THETA + step, THETA - step)]
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], np.log(here / there), atol=1e-12)
    np.testing.assert_allclose(events.joint_score[:, 0], (ends[0] - ends[1]) / (2 * step), rtol=1e-7, atol=1e-7)
    np.testing.assert_array_equal(simulator.simulate(np.full((50, 1), THETA), seed=1), events.x)


def test_an_element_chosen_twice_is_one_draw():
    """Two branchings for one number would count its probability twice; it is settled, and then found to leak."""

    def chosen_twice(theta, rng):
        return np.sum(rng.random(3)[[0, 0, 1]] < theta[0])

    with pytest.raises(LeakError):
        wrap(chosen_twice, ("p",), 0.05, 0.95).mine(np.full((50, 1), THETA), [[OTHER]])


@pytest.mark.parametrize("size", [None, 3])
def test_another_precision_would_be_another_stream(size):
    simulator = wrap(lambda theta, rng: np.sum(rng.random(size, dtype=np.float32) < theta[0]), ("p",), 0.05, 0.95)
    with pytest.raises(NotInstrumented, match="dtype"):
        simulator.mine([[THETA]], [[OTHER]])
