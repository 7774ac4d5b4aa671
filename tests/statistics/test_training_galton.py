"""Trained on the board, surrogates reach the exact ratio and score."""

import numpy as np
import pytest
import torch
from trained_board import EXACT, mine, squared_error

from motherlode import losses
from motherlode.training import train


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def mean_error(loss, count, seeds):
    errors = [squared_error(train(mine(count, seed=seed), loss, seed=seed, progress=False)) for seed in seeds]
    return float(np.mean(errors))


def test_gold_of_the_board_is_gold():
    events = mine(50_000, alternatives=2, seed=1)
    assert events.audit().ok
    p, dp = EXACT.distribution(events.theta[:, 0])
    slot = events.x.astype(int) - EXACT.SLOTS[0]
    rows = np.arange(len(events))
    exact_score = (dp / p)[rows, slot]
    residual = (events.joint_score[:, 0] - exact_score) * exact_score
    assert abs(residual.mean()) < 4 * residual.std() / np.sqrt(len(events))


def test_alices_learns_the_ratio_and_the_score():
    estimator = train(mine(5_000, seed=11), losses.alices, seed=0, progress=False)
    assert squared_error(estimator) < 1.2e-3
    slots = EXACT.SLOTS.astype(np.float64)
    estimate = estimator.score(np.full((len(slots), 1), -0.8), slots)[:, 0]
    error = np.average((estimate - EXACT.score(-0.8)) ** 2, weights=EXACT.distribution([-0.8])[0][0])
    assert error < 0.01


@pytest.mark.slow
def test_demo_quality_at_20_000_events():
    alices = mean_error(losses.alices, 20_000, range(5))
    carl = mean_error(losses.carl, 20_000, range(5))
    assert alices <= 1e-4
    assert carl <= 7e-3
    assert carl >= 20 * alices
