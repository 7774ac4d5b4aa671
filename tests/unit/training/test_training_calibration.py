"""Calibration leaves a right estimator as it is, corrects a wrong one, and serves wherever its estimator serves."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from motherlode.estimators import OutOfRangeWarning, RatioEstimator
from motherlode.events import Events
from motherlode.training import calibrate

METHODS = pytest.mark.parametrize("method", ["isotonic", "histogram"])
CELLS = pytest.mark.parametrize("cells", [1, 4])


def mined(count, latent, noise, width=3.0, seed=0):
    """z ~ N(θ, latent²), x ~ N(z, noise²), θ and its alternative ~ U(-width, width): exact gold of z."""
    generator = np.random.default_rng(seed)
    theta, other = generator.uniform(-width, width, (2, count, 1))
    z = generator.normal(theta, latent)
    gold = 0.5 * ((z - other) ** 2 - (z - theta) ** 2) / latent**2
    x = z + noise * generator.normal(size=z.shape)
    return Events(theta, other[:, None], x, gold, (z - theta) / latent**2, exchangeable=True)


class Known(RatioEstimator):
    """The exact ratio of N(θ, sd²), times a number."""

    def __init__(self, sd, factor=1.0):
        super().__init__(1, (1,), reference=[0.0])
        self.sd, self.factor = sd, factor

    def _potential(self, theta, x):
        return -0.5 * self.factor * ((x - theta) / self.sd).square().sum(-1)


class Marginal(RatioEstimator):
    """The exact ratio of N(θ, sd²) to its mean over θ ~ U(-1, 1), plus a number."""

    def __init__(self, sd, shift=0.0):
        super().__init__(1, (1,), reference="marginal")
        self.sd, self.shift = sd, shift

    def _potential(self, theta, x):
        low, high = (torch.special.ndtr((edge - x[..., 0]) / self.sd) for edge in (-1.0, 1.0))
        own = torch.distributions.Normal(theta, self.sd).log_prob(x).sum(-1)
        return own - torch.log((high - low) / 2.0) + self.shift


@METHODS
@CELLS
@pytest.mark.parametrize("count", [2_000, 20_000])
def test_the_exact_ratio_stays_exact_where_it_is_large(method, cells, count):
    """x is z, so labels have no noise: log r = -18 at θ = -3, and the posterior sd is 1/2 for every reference."""
    corrected = calibrate(Known(0.5), mined(count, 0.5, 0.0), method=method, cells=cells)
    theta = np.linspace(-3.0, 3.0, 601)[:, None]
    for reference in (0.0, 1.0, -2.5):
        found = corrected.log_ratio(theta, np.zeros((601, 1)), np.full((601, 1), reference))
        np.testing.assert_allclose(found, 2.0 * (reference**2 - theta[:, 0] ** 2), atol=1e-9)
        weight = np.exp(found - found.max())
        assert np.sqrt(np.average(theta[:, 0] ** 2, weights=weight)) == pytest.approx(0.5, abs=1e-3)


@METHODS
@pytest.mark.parametrize(("latent", "noise"), [(0.5, 0.5), (0.1, 1.0), (2.0, 0.5)])
@pytest.mark.parametrize("count", [2_000, 20_000])
def test_noisy_labels_move_the_exact_ratio_by_their_statistical_error(method, latent, noise, count):
    """A knot of n rows stands on n σ(∓log r̂) expected counts of the two classes, to each of which half a one is added.

    Labels vary no more than classes do, and rows come in twos: the variance of a knot is at most twice the sum of the
    inverse counts. 4.8 standard errors are exceeded by one of 32 knots in 12 cases with probability 6·10⁻⁴.
    """
    sd = np.hypot(latent, noise)
    corrected = calibrate(Known(sd), mined(count, latent, noise, seed=count), method=method)
    inputs, outputs = corrected.inputs[0].numpy(), corrected.outputs[0].numpy()
    rows = 2 * count / 32
    error = np.sqrt(sum(2.0 / (rows * expit(sign * inputs) + 0.5) for sign in (1.0, -1.0)))
    assert np.abs((outputs - inputs) / error).max() < 4.8


@METHODS
def test_labels_without_noise_correct_a_wrong_temperature_everywhere(method):
    corrected = calibrate(Known(0.5, 2.0), mined(20_000, 0.5, 0.0), method=method)
    theta = np.linspace(-3.0, 3.0, 61)[:, None]
    found = corrected.log_ratio(theta, np.zeros((61, 1)))
    np.testing.assert_allclose(found, -2.0 * theta[:, 0] ** 2, rtol=0.06, atol=0.02)


@METHODS
def test_noisy_labels_correct_a_wrong_temperature_as_far_as_they_reach(method):
    """Of 1250 rows a knot, 1250 σ(-4) = 22 are expected of the rarer class at |log r| = 4."""
    sd = np.sqrt(0.5)
    corrected = calibrate(Known(sd, 2.0), mined(20_000, 0.5, 0.5, seed=1), method=method)
    theta = np.sqrt(np.linspace(0.0, 3.0, 20))[:, None]
    found = corrected.log_ratio(theta, np.zeros((20, 1)))
    np.testing.assert_allclose(found, -(theta[:, 0] ** 2), atol=0.4)


@METHODS
@CELLS
def test_a_shift_of_a_marginal_ratio_is_undone(method, cells):
    """And the exact one is none: a mean over 40 x of 32 knots is known to a few hundredths."""
    events = mined(20_000, 0.5, 0.5, width=1.0)
    theta, x = np.full((40, 1), 0.2), np.linspace(-1.0, 1.0, 40)[:, None]
    right, wrong = Marginal(np.sqrt(0.5)), Marginal(np.sqrt(0.5), 1.0)
    exact = right.log_ratio(theta, x)
    for raw in (right, wrong):
        found = calibrate(raw, events, method=method, cells=cells).log_ratio(theta, x)
        assert abs(np.mean(found - exact)) < 0.06
        assert np.sqrt(np.mean((found - exact) ** 2)) < 0.15


def test_classes_may_be_certain():
    """Gold that is infinite, where an alternative cannot give the event, is a class like any other."""
    events = mined(2_000, 0.5, 0.5)
    gold = np.where(events.joint_log_ratio > 5.0, np.inf, events.joint_log_ratio)
    certain = Events(events.theta, events.alternatives, events.x, gold, events.joint_score, exchangeable=True)
    corrected = calibrate(Known(np.sqrt(0.5)), certain)
    assert bool(corrected.outputs.isfinite().all())
    assert float((corrected.outputs - corrected.inputs).abs().max()) < 2.0


@METHODS
def test_more_cells_than_parameters_are_as_many_as_there_are(method):
    """Events at two points: four cells asked for, two made."""
    events = mined(2_000, 0.5, 0.5)
    side = np.where(events.theta > 0, 0.5, -0.5)
    two = Events(side, -side[:, None], events.x, events.joint_log_ratio, events.joint_score, exchangeable=True)
    four, just = (calibrate(Known(0.7), two, method=method, cells=cells) for cells in (4, 2))
    assert four.anchors.shape == (2, 1)
    torch.testing.assert_close(four.outputs, just.outputs)


def wrong():
    """Return a ratio that is wrong, and its correction."""
    raw = Known(np.sqrt(0.5), 1.5)
    return raw, calibrate(raw, mined(4_000, 0.5, 0.5, seed=2), cells=3)


def test_a_calibrated_ratio_has_the_reference_potential_and_score_of_its_own():
    raw, corrected = wrong()
    torch.testing.assert_close(corrected.default_reference(), raw.default_reference())
    theta = torch.linspace(-1.13, 1.07, 9, dtype=torch.float64)[:, None]
    x = torch.tensor([0.3], dtype=torch.float64)
    value = corrected.log_ratio(theta, x)
    torch.testing.assert_close(corrected.potential(theta, x), value)
    step = 1e-7
    slope = (corrected.log_ratio(theta + step, x) - corrected.log_ratio(theta - step, x)) / (2 * step)
    torch.testing.assert_close(corrected.score(theta, x), slope[:, None], atol=1e-5, rtol=1e-5)
    assert not corrected.score(theta, x).requires_grad


def test_calibrating_twice_changes_little():
    """The second correction of the same events finds frequencies that are probabilities, but for its own bins."""
    _, once = wrong()
    twice = calibrate(once, mined(4_000, 0.5, 0.5, seed=2), cells=3)
    theta = np.linspace(-1.5, 1.5, 31)[:, None]
    first, second = (one.log_ratio(theta, np.zeros((31, 1))) for one in (once, twice))
    assert np.abs(first - second).max() < 0.5
    assert np.isfinite(twice.score(theta, np.zeros((31, 1)))).all()


def test_a_calibrated_ratio_warns_once_of_parameters_out_of_range():
    _, corrected = wrong()
    corrected.estimator.theta_low.fill_(-1.0)
    corrected.estimator.theta_high.fill_(1.0)
    with pytest.warns(OutOfRangeWarning):
        corrected.score([[3.0]], [[0.0]])
    corrected.log_ratio([[3.0]], [[0.0]])
