"""Likelihood, posterior, score, ensemble, calibration and histogram against closed forms."""

from dataclasses import replace

import numpy as np
import pyro
import pytest
import torch
from gaussian import gaussian_events
from scipy import stats

import motherlode
from motherlode import losses
from motherlode.estimators import (
    Calibrated,
    Ensemble,
    HistogramRatio,
    LikelihoodEstimator,
    OutOfRangeWarning,
    PosteriorEstimator,
    RatioEstimator,
    ScoreEstimator,
    load,
)
from motherlode.estimators.errors import UnknownProposal, UnsuitableEstimator
from motherlode.events import Events
from motherlode.training import TrainingOptions, calibrate, train
from motherlode.training.ensembles import train_ensemble
from motherlode.training.errors import MissingColumns

SHORT = TrainingOptions(steps=8)
Z = 4.5
"""A mean of draws is this many standard errors off with probability 7e-6."""


def fit(events, loss, **options):
    return train(events, loss, progress=False, **({"options": SHORT} | options))


def counts(total=3000, seed=0):
    """x = (Poisson(exp θ), Binomial(500, σ(θ)), N(θ, 1)): a table, a long count and a number."""
    generator = np.random.default_rng(seed)
    theta = generator.uniform(-1, 1, (total, 1))
    chance = 1 / (1 + np.exp(-theta[:, 0]))
    columns = [
        generator.poisson(np.exp(theta[:, 0])),
        generator.binomial(500, chance),
        generator.normal(theta[:, 0], 1.0),
    ]
    x = np.stack(columns, 1).astype(float)
    none = np.empty((total, 0))
    return Events(theta, np.empty((total, 0, 1)), x, none, np.zeros((total, 1)))


def exact_counts(events):
    """Return log p(x|θ) of :func:`counts`, shape (N,)."""
    theta, (first, second, third) = events.theta[:, 0], events.x.T
    table, long = stats.poisson.logpmf(first, np.exp(theta)), stats.binom.logpmf(second, 500, 1 / (1 + np.exp(-theta)))
    return table + long + stats.norm.logpdf(third, theta, 1.0)


def test_nle_of_a_gaussian():
    estimator = fit(gaussian_events(4000), losses.nle, options=TrainingOptions(steps=400))
    assert estimator.configuration["density"] == "mixture"
    theta, x = np.zeros((41, 1)), np.linspace(-3, 3, 41)[:, None]
    exact = stats.norm.logpdf(x[:, 0], 0.0, np.sqrt(2.0))
    assert np.average((estimator.log_prob(x, theta) - exact) ** 2, weights=np.exp(exact)) < 0.02
    draws = estimator.sample(np.full((4000, 1), 0.5))
    assert draws.shape == (4000, 1)
    grid = np.linspace(-12, 13, 5001)[:, None]
    density = np.exp(estimator.log_prob(grid, np.full((5001, 1), 0.5)))
    mean = np.average(grid[:, 0], weights=density)
    assert abs(draws.mean() - mean) < Z * draws.std() / np.sqrt(len(draws))
    assert estimator.sample(np.zeros((2, 1)), (3,)).shape == (3, 2, 1)
    assert estimator.score(theta, x).shape == (41, 1)


def test_heads_are_chosen_from_the_columns():
    estimator = LikelihoodEstimator.for_events(counts())
    assert estimator.configuration["whole"]["columns"] == [0, 1]
    assert type(estimator.head).__name__ == "WholeNumbers"
    only = replace(counts(), x=counts().x[:, :1])
    assert type(LikelihoodEstimator.for_events(only).head).__name__ == "Categorical"
    assert LikelihoodEstimator.for_events(only).density is None
    assert LikelihoodEstimator.for_events(gaussian_events(100)).head is None


def test_mixed_likelihood_is_normalized_sampled_and_saved(tmp_path):
    estimator = fit(counts(), losses.nle, options=TrainingOptions(steps=250))
    draws = estimator.sample(np.full((4000, 1), 0.3))
    assert np.array_equal(draws[:, :2], np.round(draws[:, :2]))
    fresh = counts(seed=5)
    divergence = exact_counts(fresh) - estimator.log_prob(fresh.x, fresh.theta)
    assert abs(divergence.mean()) < 0.1 + Z * divergence.std() / np.sqrt(len(divergence))
    again = load(estimator.save(tmp_path / "mixed"))
    np.testing.assert_array_equal(
        again.log_prob(draws, np.full((1, 1), 0.3)), estimator.log_prob(draws, np.full((1, 1), 0.3))
    )
    off = draws.copy()
    off[:, 0] += 0.5
    assert np.isneginf(estimator.log_prob(off, np.full((1, 1), 0.3))).all()


def test_images_of_likelihood_shapes():
    estimator = LikelihoodEstimator(2, (2, 2))
    theta, x = torch.zeros(5, 1, 2).double(), torch.ones(3, 2, 2).double()
    assert estimator.log_prob(x, theta).shape == (5, 3)
    assert estimator.sample(torch.zeros(5, 2).double()).shape == (5, 2, 2)


def test_npe_stays_in_its_box_and_is_calibrated_in_the_mean():
    events = gaussian_events(4000)
    estimator = fit(events, losses.npe, options=TrainingOptions(steps=500))
    draws = estimator.sample((5000,), np.array([3.0]))
    low, high = estimator.bounds()
    assert draws.shape == (5000, 1)
    assert draws.min() >= low.item()
    assert draws.max() <= high.item()
    grid = np.linspace(-1, 1, 401)
    weight = stats.norm.pdf(3.0, grid, np.sqrt(2.0))
    own = np.exp(estimator.log_prob(grid[1:-1, None], np.array([3.0])))
    assert abs(draws.mean() - np.average(grid[1:-1], weights=own)) < Z * draws.std() / np.sqrt(len(draws))
    gap = np.log(weight / (weight.sum() * (grid[1] - grid[0])))[1:-1] - np.log(own)
    assert np.average(gap, weights=weight[1:-1]) < 0.02
    outside = estimator.log_prob(np.array([[1.5]]), np.array([3.0]))
    assert np.isneginf(outside).all()
    inside = estimator.log_prob(grid[1:-1, None], np.array([3.0]))
    assert np.exp(inside).sum() * (grid[1] - grid[0]) == pytest.approx(1.0, abs=0.03)


def test_unbounded_theta_gets_no_box():
    generator = np.random.default_rng(0)
    theta = generator.normal(size=(2000, 2))
    events = Events(theta, np.empty((2000, 0, 2)), theta + 1.0, np.empty((2000, 0)), np.zeros((2000, 2)))
    assert PosteriorEstimator.for_events(events).bounds() is None
    with pytest.raises(UnknownProposal, match="which law"):
        fit(events, losses.score_matched_posterior)


def test_a_box_for_the_columns_that_have_one(tmp_path):
    generator = np.random.default_rng(0)
    theta = np.stack([generator.uniform(-1, 1, 2000), generator.lognormal(size=2000)], 1)
    events = Events(theta, np.empty((2000, 0, 2)), theta + 1.0, np.empty((2000, 0)), np.zeros((2000, 2)))
    estimator = fit(events, losses.npe)
    assert estimator.theta_scaling.kind.tolist() == [3, 1]
    draws = load(estimator.save(tmp_path / "box")).sample((500,), np.array([1.0, 2.0]))
    assert np.all(np.abs(draws[:, 0]) <= 1.001)
    assert np.all(draws[:, 1] > 0)


def test_sally_learns_the_score_at_its_reference():
    events = gaussian_events(4000)
    at_zero = replace(events, theta=events.theta * 0, x=events.x - events.theta)
    estimator = fit(at_zero, losses.sally, options=TrainingOptions(steps=500))
    x = np.linspace(-2, 2, 21)[:, None]
    assert np.abs(estimator.score(x) - x / 2.0).max() < 0.15
    np.testing.assert_allclose(estimator.sallino(x, np.array([2.0])), estimator.score(x)[:, 0], rtol=1e-6)
    with pytest.raises(ValueError, match="direction"):
        estimator.sallino(x, np.array([0.0]))
    with pytest.raises(UnsuitableEstimator, match="drawn at θ from"):
        fit(events, losses.sally)


@pytest.mark.parametrize(
    ("loss", "method"),
    [(losses.alices, "log_ratio"), (losses.nle, "log_prob"), (losses.npe, "log_prob"), (losses.nre, "log_ratio")],
    ids=lambda value: getattr(value, "name", value),
)
def test_ensembles_answer_to_the_methods_of_their_members(loss, method, tmp_path):
    events = gaussian_events(600)
    ensemble = train_ensemble(events, loss, size=2, seed=5, progress=False, options=SHORT)
    first = (np.zeros((4, 1)), np.linspace(-1, 1, 4)[:, None])
    first = (*first, np.full((4, 1), 0.5)) if loss is losses.alices else first
    values = np.stack([getattr(member, method)(*first) for member in ensemble.members])
    mean = values.mean(0) if method == "log_ratio" else np.log(np.exp(values).mean(0))
    np.testing.assert_allclose(getattr(ensemble, method)(*first), mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ensemble.spread(*first), values.std(0, ddof=1), rtol=1e-4, atol=1e-6)
    assert hasattr(ensemble, "log_prob") != hasattr(ensemble, "log_ratio")
    again = load(ensemble.save(tmp_path / "ensemble"))
    np.testing.assert_array_equal(getattr(again, method)(*first), getattr(ensemble, method)(*first))


@pytest.mark.parametrize("loss", [losses.sally, losses.nre])
def test_ensembles_of_scores_and_of_marginal_ratios_average_too(loss, tmp_path):
    events = gaussian_events(300)
    if loss is losses.sally:
        events = replace(events, theta=np.zeros((300, 1)))
    ensemble = train_ensemble(events, loss, size=3, progress=False, options=SHORT)
    method = "score" if loss is losses.sally else "log_ratio"
    arguments = [np.zeros((4, 1))] * (1 if loss is losses.sally else 2)
    values = np.stack([getattr(member, method)(*arguments) for member in ensemble.members])
    np.testing.assert_allclose(getattr(ensemble, method)(*arguments), values.mean(0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ensemble.spread(*arguments), values.std(0, ddof=1), rtol=1e-4, atol=1e-7)
    again = load(ensemble.save(tmp_path / "ensemble"))
    np.testing.assert_array_equal(again.spread(*arguments), ensemble.spread(*arguments))


def test_an_ensemble_of_ratios_is_one_potential_against_one_reference():
    """Members see other training events and so have other default references; the average takes one for all."""
    events = gaussian_events(300)
    ensemble = train_ensemble(events, losses.alice, size=3, progress=False, options=SHORT)
    theta, x = np.linspace(-1, 1, 5)[:, None], np.linspace(-2, 2, 5)[:, None]
    reference = ensemble.default_reference().numpy()
    potential = ensemble.potential(theta, x) - ensemble.potential(np.broadcast_to(reference, (5, 1)), x)
    np.testing.assert_allclose(ensemble.log_ratio(theta, x), potential, atol=1e-6)
    np.testing.assert_allclose(ensemble.log_ratio(np.broadcast_to(reference, (5, 1)), x), 0.0, atol=1e-6)
    np.testing.assert_allclose(ensemble.spread(np.broadcast_to(reference, (5, 1)), x), 0.0, atol=1e-6)
    low, high = (torch.stack([getattr(member, name) for member in ensemble.members]) for name in ("x_low", "x_high"))
    assert torch.equal(ensemble.x_low, low.amin(0))
    assert torch.equal(ensemble.x_high, high.amax(0))


def wrapped(kind, events):
    options = TrainingOptions(steps=300)
    if kind == "ensemble":
        return train_ensemble(events, losses.alices, size=2, progress=False, options=options)
    return calibrate(fit(events, losses.alices, options=options), gaussian_events(4000, seed=9), cells=2)


@pytest.mark.parametrize("kind", ["ensemble", "calibrated"])
def test_wrapped_ratios_serve_inference(kind, tmp_path):
    """Posterior by MCMC and a likelihood scan of the loaded wrapper, for 20 events whose exact posterior is known."""
    estimator = load(wrapped(kind, gaussian_events(4000)).save(tmp_path / "wrapper"))
    x = np.random.default_rng(1).normal(0.2, np.sqrt(2.0), (20, 1))
    prior = torch.distributions.Uniform(torch.tensor([-0.95]), torch.tensor([0.95]))
    result = motherlode.posterior(estimator, prior, x).mcmc(
        method="nuts", chains=10, samples=1000, warmup=150, seed=0, progress=False
    )
    grid = np.linspace(-0.95, 0.95, 401)
    weight = np.exp(-0.25 * ((x - grid) ** 2).sum(0))
    exact = (weight * grid).sum() / weight.sum()
    spread = np.sqrt((weight * (grid - exact) ** 2).sum() / weight.sum())
    assert abs(result.samples.mean() - exact) < spread
    fitted = motherlode.limits(estimator, x, {"theta": (-0.95, 0.95)}).mle()
    assert abs(fitted.theta[0] - np.clip(x.mean(), -0.95, 0.95)) < 2 * spread


def test_an_observation_outside_everything_seen_warns(tmp_path):
    """The box of x is a tenth wider than the training set, in the coordinates of the net, and is saved."""
    events = gaussian_events(2000)
    estimator = load(fit(events, losses.alice).save(tmp_path / "ratio"))
    assert float(estimator.x_low) < events.x.min()
    assert events.x.max() < float(estimator.x_high) < events.x.max() + 0.11 * np.ptp(events.x)
    assert "range of x   [" in estimator.card()
    prior = torch.distributions.Uniform(torch.tensor([-0.9]), torch.tensor([0.9]))
    motherlode.posterior(estimator, prior, gaussian_events(2000, seed=1).x)
    with pytest.warns(OutOfRangeWarning, match="observed events lie outside"):
        motherlode.posterior(estimator, prior, [[0.0], [12.0]])


def test_a_constant_column_and_many_columns_have_a_box():
    events = gaussian_events(500)
    x = np.concatenate([np.zeros((500, 1)), np.repeat(events.x, 11, axis=1)], axis=1)
    estimator = fit(replace(events, x=x), losses.alice)
    assert float(estimator.x_low[0]) == float(estimator.x_high[0]) == 0.0
    assert "12 columns between" in estimator.card()


def test_evaluation_outside_the_range_of_theta_warns_once():
    estimator = fit(gaussian_events(500), losses.alice)
    with pytest.warns(OutOfRangeWarning, match="outside the range of θ"):
        estimator.log_ratio([[3.0]], [[0.0]])
    estimator.log_ratio([[3.0]], [[0.0]])


def test_ensembles_refuse_strangers():
    with pytest.raises(UnsuitableEstimator, match="averaged"):
        Ensemble([RatioEstimator(1), RatioEstimator(2)])
    with pytest.raises(UnsuitableEstimator, match="no members"):
        Ensemble([])
    with pytest.raises(UnsuitableEstimator, match=r"train_ensemble"):
        fit(gaussian_events(100), losses.alice, estimator=Ensemble([RatioEstimator(1, (1,))]))


class Overconfident(RatioEstimator):
    """The exact ratio of the Gaussian, times 1.7."""

    def log_ratio(self, theta, x, theta_reference=None):
        theta, x, other = (torch.as_tensor(value).double() for value in (theta, x, theta_reference))
        exact = -0.25 * ((x - theta) ** 2 - (x - other) ** 2).sum(-1)
        return 1.7 * exact


@pytest.mark.parametrize("method", ["isotonic", "histogram"])
@pytest.mark.parametrize("cells", [1, 3])
def test_calibration_undoes_a_wrong_temperature(method, cells):
    events = gaussian_events(40_000, seed=3)
    raw = Overconfident(1, (1,))
    corrected = calibrate(raw, events, method=method, cells=cells)
    test = gaussian_events(2000, seed=4)
    theta, x, other = (torch.as_tensor(value) for value in (test.theta, test.x, test.alternatives[:, 0]))
    exact = raw.log_ratio(theta, x, other) / 1.7
    before = float((raw.log_ratio(theta, x, other) - exact).square().mean())
    after = float((corrected.log_ratio(theta, x, other) - exact).square().mean())
    assert after < 0.35 * before
    swapped = corrected.log_ratio(other, x, theta)
    torch.testing.assert_close(swapped, -corrected.log_ratio(theta, x, other), atol=1e-9, rtol=0)


class Shifted(RatioEstimator):
    """The exact ratio of the Gaussian, 0.8 too large for the smaller parameter."""

    def log_ratio(self, theta, x, theta_reference=None):
        exact = -0.25 * ((x - theta) ** 2 - (x - theta_reference) ** 2).sum(-1)
        return exact + 0.8 * torch.sign(theta_reference - theta).sum(-1)


def test_calibration_at_two_points_undoes_a_shift():
    """Events drawn at two parameters only: a correction for each of them, which one for both cannot give."""
    events = gaussian_events(20_000, seed=3)
    generator = np.random.default_rng(0)
    theta = np.where(generator.random((20_000, 1)) < 0.5, -0.5, 0.5)
    z = theta + generator.normal(size=theta.shape)
    label = 0.5 * ((z + theta) ** 2 - (z - theta) ** 2)
    events = replace(
        events,
        theta=theta,
        alternatives=-theta[:, None],
        x=z + generator.normal(size=theta.shape),
        joint_log_ratio=label,
    )
    raw = Shifted(1, (1,))
    x = torch.linspace(-2, 2, 41, dtype=torch.float64).unsqueeze(-1)
    low, high = torch.full_like(x, -0.5), torch.full_like(x, 0.5)
    exact = raw.log_ratio(low, x, high) - 0.8
    wrong = {
        cells: float((calibrate(raw, events, cells=cells).log_ratio(low, x, high) - exact).square().mean())
        for cells in (1, 2)
    }
    assert wrong[2] < 0.05 * 0.8**2
    assert wrong[1] > 4 * wrong[2]


def test_calibrated_estimators_are_saved_and_say_so_on_their_card(tmp_path):
    events = gaussian_events(3000)
    corrected = calibrate(fit(events, losses.alice), gaussian_events(3000, seed=9), cells=2)
    assert isinstance(corrected, Calibrated)
    again = load(corrected.save(tmp_path / "calibrated"))
    theta, x = np.zeros((5, 1)), np.linspace(-1, 1, 5)[:, None]
    np.testing.assert_array_equal(again.log_ratio(theta, x), corrected.log_ratio(theta, x))
    assert "isotonic" in again.card()
    with pytest.raises(UnsuitableEstimator, match="no ratio"):
        calibrate(ScoreEstimator(1), events)


def test_histogram_baseline():
    generator = np.random.default_rng(0)
    points = np.array([[0.0], [0.5]])
    samples = [generator.normal(point, 1.0, (50_000, 1)) for point in points]
    baseline = HistogramRatio(points, samples, bins=40)
    x = np.linspace(-1.5, 2.0, 15)[:, None]
    exact = stats.norm.logpdf(x[:, 0], 0.0, 1.0) - stats.norm.logpdf(x[:, 0], 0.5, 1.0)
    assert np.abs(baseline.log_ratio(points[0], x, points[1]) - exact).max() < 0.15
    with pytest.raises(UnsuitableEstimator, match="not simulated"):
        baseline.log_ratio([0.25], x, points[1])
    with pytest.raises(UnsuitableEstimator, match="one sample"):
        HistogramRatio(points, samples[:1])


def test_a_likelihood_is_a_pyro_distribution():
    estimator = LikelihoodEstimator(1, (2,)).eval()
    theta = torch.zeros(3, 1).double()
    distribution = estimator.likelihood(theta)
    assert distribution.batch_shape == (3,)
    assert distribution.event_shape == (2,)
    assert distribution.sample((4,)).shape == (4, 3, 2)

    def model(observed):
        with pyro.plate("parts", 3):
            location = pyro.sample("theta", pyro.distributions.Normal(torch.zeros(1).double(), 1.0).to_event(1))
            with pyro.plate("events", 5):
                return pyro.sample("x", estimator.likelihood(location), obs=observed)

    trace = pyro.poutine.trace(model).get_trace(torch.zeros(5, 3, 2).double())
    trace.compute_log_prob()
    assert trace.nodes["x"]["log_prob"].shape == (5, 3)
    assert pyro.poutine.trace(model).get_trace(None).nodes["x"]["value"].shape == (5, 3, 2)


@pytest.mark.parametrize("name", [name for name in losses.__all__ if isinstance(getattr(losses, name), losses.Loss)])
def test_every_loss_trains_its_default_estimator(name):
    loss = getattr(losses, name)
    events = gaussian_events(120, alternatives=2)
    if loss is losses.sally:
        events = replace(events, theta=events.theta * 0)
    estimator = fit(events, loss)
    assert np.isfinite(estimator.record.validation_loss)
    assert estimator.record.loss == name
    assert name in estimator.card()


def test_gold_contrastive_needs_alternatives():
    with pytest.raises(MissingColumns):
        fit(gaussian_events(100, alternatives=0), losses.gold_contrastive)
