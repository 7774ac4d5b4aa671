"""Every check can fail: by default it condemns gross errors, and it refuses settings with which it could not."""

from dataclasses import replace

import numpy as np
import pytest

from motherlode import diagnostics
from motherlode.inference import PosteriorSamples


def pairs(n=400):
    generator = np.random.default_rng(0)
    theta = generator.normal(size=(n, 1))
    return theta, theta + generator.normal(size=(n, 1)), generator


def test_local_c2st_condemns_a_grossly_wrong_posterior_by_default():
    theta, x, generator = pairs()
    draws, at = 5.0 + 0.1 * generator.normal(size=(2, 400, 1))
    result = diagnostics.local_c2st(theta, x, draws, [0.0], at)
    assert not result.ok
    assert result.p_value == pytest.approx(1.0 / 200.0)


@pytest.mark.parametrize("trials", [50, 98])
def test_local_c2st_refuses_trials_that_could_never_fail(trials):
    theta, x, _ = pairs(20)
    with pytest.raises(ValueError, match=f"trials={trials} gives p-values of 1/{trials + 1} or more.* trials=99 or"):
        diagnostics.local_c2st(theta, x, theta, [0.0], theta, trials=trials)


def test_predictive_check_refuses_replicas_that_could_never_fail():
    class Shifted:
        def simulate(self, theta, seed, first=0):
            return theta + np.random.default_rng([seed, first]).normal(size=theta.shape)

    draws = np.zeros((1, 100, 1))
    known = PosteriorSamples(draws, ("a",), draws[..., 0], "exact", draws[..., 0] > 1.0, np.ones(1))
    with pytest.raises(ValueError, match=r"replicas=98 .* replicas=99 or more"):
        diagnostics.predictive_check(known, Shifted(), [[9.0]], replicas=98)
    assert not diagnostics.predictive_check(known, Shifted(), [[9.0]], replicas=99).ok


def test_calibration_of_many_parameters_can_fail():
    generator, parameters = np.random.default_rng(0), 60
    theta, draws = generator.normal(size=(100, parameters)), generator.normal(size=(100, 49, parameters))
    names = tuple(f"theta_{i}" for i in range(parameters))
    made = diagnostics.Replicas(theta, draws, draws[..., 0], theta[:, 0], names)
    assert diagnostics.sbc(made).ok
    wrong = diagnostics.sbc(replace(made, theta=np.hstack([theta[:, :1] + 9.0, theta[:, 1:]])))
    assert "theta_0 is biased low" in wrong.verdict()
    with pytest.raises(ValueError, match=r"simulations=12000 .* taken at 1.67e-05"):
        replace(wrong, alpha=0.001)
