"""Every loss is stationary at the exact answer, and notices a wrong one; the faults of earlier systems stay away.

Truth: z ~ N(θ, 1), x ~ N(z, 1), θ and alternatives ~ U(-w, w), hence x ~ N(θ, √2). A known function is added to the
exact log-ratio (log-density) with weight ε; the derivative of the loss at ε = 0 must vanish within its standard error.
"""

import math
from dataclasses import dataclass, replace

import pytest
import torch
from gaussian import gaussian_events

from motherlode import losses
from motherlode.estimators.batches import PairBatch
from motherlode.losses.targets import LIKELIHOOD, MARGINAL_RATIO, POSTERIOR
from motherlode.losses.terms import (
    LOG_RATIO_CLIP,
    cross_entropy,
    pair_score_term,
    squared_ratio_error,
)
from motherlode.losses.weights import SaturatedLabels, label_dispersion
from motherlode.training.data.split import as_batch, prepare

WIDTH = 0.8
CHUNKS = 100
ALPHA_Z = 4.5
ONE = torch.ones(1).double()


def log_normal(x, mean, variance):
    return -0.5 * (x - mean) ** 2 / variance - 0.5 * math.log(2 * math.pi * variance)


@dataclass
class Truth:
    """The exact answers, with a perturbation of weight epsilon and an error factor on the truth itself."""

    epsilon: torch.Tensor
    wrong: float = 1.0
    marginal: bool = False
    theta_scale: torch.Tensor = ONE
    score_scale: torch.Tensor = ONE

    def potential(self, theta, x):
        exact = log_normal(x[..., 0], theta[..., 0], 2.0)
        return self.wrong * exact + self.epsilon * torch.sin(x[..., 0]) * theta[..., 0]

    def log_ratio(self, theta, x, theta_reference=None):
        if theta_reference is None:
            return self.potential(theta, x) - self.wrong * self.log_evidence(x)
        return self.potential(theta, x) - self.potential(theta_reference, x)

    def log_evidence(self, x):
        edges = [torch.erf((x[..., 0] - edge) / 2.0) for edge in (-WIDTH, WIDTH)]
        return torch.log((edges[0] - edges[1]) / (4.0 * WIDTH))

    def log_prob(self, x, theta):
        centred = (x[..., 0] - theta[..., 0]) * torch.cos(theta[..., 0])
        return self.wrong * log_normal(x[..., 0], theta[..., 0], 2.0) + self.epsilon * centred

    def score(self, x):
        return self.wrong * x / 2.0 + self.epsilon * torch.sin(x)


class TruePosterior(Truth):
    def log_prob(self, theta, x):
        grid = torch.linspace(-WIDTH, WIDTH, 201).double()
        log_p = log_normal(x, grid, 2.0)
        mean = (log_p.softmax(-1) * grid).sum(-1)
        exact = log_normal(x[..., 0], theta[..., 0], 2.0) - self.log_evidence(x) - math.log(2 * WIDTH)
        return self.wrong * exact + self.epsilon * (theta[..., 0] - mean)


def derivatives(loss, batch, **options):
    epsilon = torch.zeros((), dtype=torch.float64, requires_grad=True)
    kind = TruePosterior if loss.target is POSTERIOR else Truth
    estimator = kind(epsilon, marginal=loss.target is MARGINAL_RATIO or options.pop("marginal", False), **options)
    values = []
    generator = torch.Generator().manual_seed(0)
    for part in range(CHUNKS):
        size = len(batch) // CHUNKS
        rows = batch[slice(part * size, (part + 1) * size)]
        prepared = prepare(rows, loss, estimator, generator)
        values.append(torch.autograd.grad(loss(estimator, prepared), epsilon)[0])
    return torch.stack(values)


def z_score(values):
    return float(values.mean() / (values.std() / math.sqrt(len(values))))


def batch_for(loss, alternatives=1, count=100_000):
    events = gaussian_events(count, alternatives=alternatives, seed=7, width=WIDTH)
    if loss is losses.sally:
        events = replace(events, theta=events.theta * 0, x=events.x - events.theta)
    batch = as_batch(events, loss)
    if "prior_score" in loss.columns:
        batch = replace(batch, prior_score=torch.zeros_like(batch.theta))
    if "whitener" in loss.columns:
        batch = replace(batch, whitener=torch.full((len(batch), 1, 1), 0.7).double())
    return batch


ALL = [getattr(losses, name) for name in losses.__all__ if isinstance(getattr(losses, name), losses.Loss)]


@pytest.mark.parametrize("loss", ALL, ids=lambda loss: loss.name)
def test_exact_answer_is_stationary_and_a_wrong_one_is_not(loss):
    loss = loss.with_alpha(0.5) if loss.reads_score else loss
    batch = batch_for(loss)
    assert abs(z_score(derivatives(loss, batch))) < ALPHA_Z
    moved = replace(batch, x=batch.x + 0.4 + 0.4 * batch.theta) if loss.target in (LIKELIHOOD, POSTERIOR) else batch
    assert abs(z_score(derivatives(loss, moved, wrong=0.5))) > ALPHA_Z


MANY = [losses.alice, losses.alices, losses.gold_contrastive, losses.gold_contrastive_score]


@pytest.mark.parametrize("loss", MANY, ids=lambda loss: loss.name)
def test_exact_answer_is_stationary_with_many_alternatives(loss):
    loss = loss.with_alpha(0.5) if loss.reads_score else loss
    batch = batch_for(loss, alternatives=4, count=40_000)
    assert abs(z_score(derivatives(loss, batch))) < ALPHA_Z
    assert abs(z_score(derivatives(loss, batch, wrong=0.8))) > ALPHA_Z


@pytest.mark.parametrize("alternatives", [1, 3])
@pytest.mark.parametrize("loss", [losses.carl, losses.alice, losses.alices], ids=lambda loss: loss.name)
def test_marginal_reference_is_stationary(loss, alternatives):
    loss = loss.with_alpha(0.5) if loss.reads_score else loss
    batch = batch_for(losses.alices, alternatives=alternatives)
    assert abs(z_score(derivatives(loss, batch, marginal=True))) < ALPHA_Z
    assert abs(z_score(derivatives(loss, batch, marginal=True, wrong=0.6))) > ALPHA_Z


@pytest.mark.parametrize("log_ratio", [40.0, 90.0, 1000.0, -1000.0])
def test_fault_2_cross_entropy_has_its_gradient_at_any_log_ratio(log_ratio):
    """On 1/(1+exp(log r̂)) the gradient was NaN near 90 and zero at 40."""
    value = torch.tensor([log_ratio], requires_grad=True)
    wrong_class = torch.tensor([1.0 if log_ratio > 0 else 0.0])
    (gradient,) = torch.autograd.grad(cross_entropy(value, wrong_class), value)
    assert gradient.abs().item() == pytest.approx(1.0)


def test_fault_4_the_score_term_leaves_out_events_of_the_denominator():
    """goldmine fitted ∇θ0 log r̂ to the scores of events drawn at θ1 too."""

    def residual(y, theta1):
        leaf = torch.zeros(4, 1, dtype=torch.float64, requires_grad=True)
        batch = PairBatch(leaf, theta1, torch.ones(4, 1).double(), y, None, torch.full((4, 1), 3.0).double())
        estimator = Truth(torch.zeros(()))
        log_ratio = estimator.log_ratio(leaf, batch.x, theta1)
        return float(pair_score_term(log_ratio, leaf, theta1, batch, estimator).detach())

    numerator, denominator = torch.zeros(4).double(), torch.ones(4).double()
    assert residual(numerator, None) > 0
    assert residual(denominator, None) == 0.0
    other = torch.zeros(4, 1, dtype=torch.float64, requires_grad=True)
    assert residual(denominator, other) == pytest.approx(residual(numerator, None))


def test_rolr_clips_only_the_exploding_side():
    labels = torch.tensor([torch.inf, 50.0, -50.0])
    value = squared_ratio_error(torch.zeros(3), labels, torch.tensor([0.0, 0.0, 1.0]))
    assert value == pytest.approx(1.0)
    bound = math.exp(LOG_RATIO_CLIP)
    assert squared_ratio_error(torch.zeros(1), torch.tensor([50.0]), torch.ones(1)) == pytest.approx((bound - 1) ** 2)


def test_columns_are_fields_of_the_batch_and_missing_ones_are_named():
    batch = as_batch(gaussian_events(10), losses.carl)
    for loss in ALL:
        assert set(loss.columns) <= {*PairBatch.__dataclass_fields__, *type(batch).__dataclass_fields__}
    truth = Truth(torch.zeros(()))
    with pytest.raises(ValueError, match=r"loss\.columns"):
        losses.alice(truth, prepare(batch, losses.carl, truth, torch.Generator()))


def test_alpha_is_automatic_and_a_number_overrides():
    batch = batch_for(losses.alices, count=5000)
    half_precision = 0.5 / float(batch.joint_score.square().mean())
    assert losses.cascal.calibrated(Truth(torch.zeros(())), batch).alpha == pytest.approx(half_precision)
    soft = (2 * torch.sigmoid(batch.joint_log_ratio) - 1).square().mean()
    chosen = losses.alices.calibrated(Truth(torch.zeros(())), batch)
    assert chosen.alpha == pytest.approx(half_precision * float(soft))
    assert losses.alices.with_alpha(3.0).calibrated(Truth(torch.zeros(())), batch).alpha == 3.0
    assert losses.alices.alpha is None
    assert "alices" in repr(losses.alices.with_alpha(3.0))


def test_soft_labels_have_the_dispersion_of_classes_where_they_are_classes_and_none_where_they_say_nothing():
    assert label_dispersion(torch.full((10, 3), torch.inf)) == pytest.approx(1.0)
    assert label_dispersion(torch.zeros(10, 3)) == 0.0


@pytest.mark.parametrize("alternatives", [1, 8])
def test_dispersion_of_near_alternatives_falls_with_their_squared_distance(alternatives):
    """With log r(x,z) = t·δ, t of variance 1 and small δ, it is K/(K+1)²·E[δ²]; its standard error is 0.6 %."""
    generator = torch.Generator().manual_seed(1)
    score = torch.randn(200_000, 1, generator=generator).double()
    shift = 0.01 * torch.randn(200_000, alternatives, generator=generator).double()
    expected = 1e-4 * alternatives / (alternatives + 1) ** 2
    assert label_dispersion(score * shift) == pytest.approx(expected, rel=4.5 * 0.006)


def test_soft_labels_that_are_all_but_classes_are_warned_of_with_the_distance_to_mine_at():
    """ALICES failed on slcp (C2ST 1.0): 98 % of its joint log-ratios were beyond ±5, median 283."""
    batch = batch_for(losses.alices, count=5000)
    truth = Truth(torch.zeros(()))
    losses.alices.calibrated(truth, batch)
    far = replace(batch, joint_log_ratio=batch.joint_log_ratio.abs() * 500)
    for loss in (losses.alice, losses.alices.with_alpha(1.0)):
        with pytest.warns(SaturatedLabels, match=r"beyond ±5.*near: 0\.[0-9]+"):
            loss.calibrated(truth, far)
    losses.carl.calibrated(truth, far)
