import importlib.util
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from motherlode.frontends.wrapping import wrap

ALPHA = 1e-4
FOLDER = Path(__file__).parents[2] / "simulators" / "lotka_volterra"
MOVES = np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])
THETA = np.log([0.01, 0.5, 1.0, 0.01]) + 0.01
OTHER = np.add(THETA, [0.02, -0.03, 0.01, 0.02])


def load(name):
    spec = importlib.util.spec_from_file_location(f"lotka_volterra_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def last_state(plain, theta, rng):
    return plain.records(theta, rng, 0.1, 0.1)[-1]


def simulator(kind, **options):
    module = load(kind)
    function = module.short if kind == "pyro_model" else partial(last_state, module)
    return wrap(function, module.PARAMETERS, **options)


def log_density(trace, theta):
    """Return log p(path | θ) and its gradient from the waiting times and moves of a trace: log λ_move - Δt·Σλ."""
    state, total, score = np.array([50.0, 100.0]), 0.0, np.zeros(4)
    values = [branching.value for branching in trace]
    for wait, move in zip(values[::2], [*values[1::2], None], strict=True):
        predators, prey = state
        rates = np.exp(theta) * [predators * prey, predators, prey, predators * prey]
        total -= wait * rates.sum()
        score -= wait * rates
        if move is None:
            return total + np.log(rates.sum()), score + rates / rates.sum()
        total += np.log(rates[int(move)])
        score[int(move)] += 1.0
        state = state + MOVES[int(move)]
    raise AssertionError("the last draw is a waiting time")


@pytest.mark.parametrize("kind", ["plain", "pyro_model"])
def test_gold_is_that_of_the_jump_process_step_by_step(kind):
    events = simulator(kind).mine(np.tile(THETA, (8, 1)), [OTHER], seed=2, traces=True)
    for trace, ratio, score in zip(events.traces, events.joint_log_ratio, events.joint_score, strict=True):
        here, there = log_density(trace, THETA), log_density(trace, OTHER)
        assert len(trace) > 20
        assert ratio[0] == pytest.approx(here[0] - there[0], rel=1e-9, abs=1e-9)
        np.testing.assert_allclose(score, here[1], rtol=1e-6, atol=1e-6)


def test_both_fronts_draw_from_the_same_law():
    theta = np.tile(THETA, (150, 1))
    prey = [simulator(kind).simulate(theta, seed=3)[:, 1] for kind in ("plain", "pyro_model")]
    assert stats.ks_2samp(*prey).pvalue > ALPHA
    assert len(np.unique(np.concatenate(prey))) > 10
