"""The whole chain, mined, trained, limits: a bad estimator keeps coverage when toys come from the simulator.

Equality where x is continuous, at least what is promised where it is discrete; Wilks with the same estimator fails.
"""

import importlib.util

import numpy as np
import pytest
import torch

import motherlode
from motherlode import plots
from motherlode.diagnostics import coverage


def board(root, name):
    specification = importlib.util.spec_from_file_location(
        f"galton_{name}", root / "simulators" / "galton" / f"{name}.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Exact:
    """Balls drawn from the board's exact distribution: the simulator's law, many times faster."""

    def __init__(self, exact):
        self.exact = exact

    def simulate(self, theta, seed, first=0):
        distinct, rows = np.unique(theta[:, 0], return_inverse=True)
        edges = np.cumsum(np.stack([self.exact.distribution([t])[0][0] for t in distinct]), axis=1)
        u = np.random.default_rng([seed, first]).random((len(theta), 1))
        return 5.0 + np.minimum((u > edges[rows]).sum(axis=1, keepdims=True), 20)


@pytest.mark.slow
def test_mined_trained_and_bad_but_covering(root):
    plain, exact = board(root, "plain"), board(root, "exact")
    simulator = motherlode.wrap(plain.galton, parameters=plain.PARAMETERS, low=plain.LOW, high=plain.HIGH)
    generator = np.random.default_rng(0)
    theta, alternatives = generator.uniform(-1.0, -0.4, (2, 300))
    mined = simulator.mine(theta[:, None], alternatives[:, None, None], seed=0)
    torch.manual_seed(0)
    shape = mined.x.shape[1:]
    bad = motherlode.train(mined, loss=motherlode.losses.carl, seed=0, progress=False)
    x = np.full((10, *(shape or (1,))), 12.0)
    study = motherlode.limits(bad, x.reshape(10, *shape), {"theta": (-1.0, -0.4)})

    class Shaped(Exact):
        def simulate(self, theta, seed, first=0):
            return super().simulate(theta, seed, first).reshape(len(theta), *shape)

    for truth in (-0.9, -0.7, -0.5):
        result = coverage(study, Shaped(exact), [truth], experiments=10_000, points=13, seed=1)
        assert (result.z("neyman") > -4.0).all(), result.verdict()
    assert np.abs(result.z("wilks")).max() > 10.0, result.verdict()
    small = coverage(study, simulator, [-0.7], levels=[0.6827, 0.9545], experiments=300, points=7, seed=2)
    assert (small.z("neyman") > -4.0).all(), small.verdict()


def decay(theta, rng):
    """A path and a noisy, bent reading of it."""
    z = rng.normal(theta[0], 0.5)
    return [rng.normal(z + 0.3 * z * z, 0.4)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["few events", "no training at all"])
def test_continuous_data_are_covered_exactly_by_a_deliberately_bad_estimator(kind, tmp_path):
    simulator = motherlode.wrap(decay, parameters=("theta",), low=-1.5, high=1.5)
    if kind == "few events":
        theta, alternatives = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 150))
        mined = simulator.mine(theta[:, None], alternatives[:, None, None], seed=0)
        bad = motherlode.train(mined, loss=motherlode.losses.carl, seed=0, progress=False)
        low, high = float(bad.theta_low), float(bad.theta_high)
    else:
        torch.manual_seed(3)
        bad, low, high = motherlode.RatioEstimator(1, (1,), hidden=(8,)).eval(), -1.5, 1.5
    study = motherlode.limits(bad, np.zeros((4, 1)), {"theta": (low, high)})
    result = coverage(study, simulator, [0.3], experiments=10_000, points=31, nodes=9, seed=1)
    plots.save(plots.plot_coverage(result), tmp_path / "coverage.png")
    print(result.verdict())
    assert (np.abs(result.z("neyman")) < 4.0).all(), result.verdict()
    assert np.abs(result.z("wilks")).max() > 10.0, result.verdict()
