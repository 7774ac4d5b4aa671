"""Recordings of functions: the same numbers where they can stand for the function, the function itself where not."""

import warnings

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z, Banana, Bimodal, GaltonExact

from motherlode.inference import ConvergenceWarning, Observation, Potential, Prior, posterior
from motherlode.inference.mcmc import gradients, recording
from motherlode.inference.mcmc.gradients import gradient_of
from motherlode.inference.mcmc.recording import recorded
from motherlode.inference.search import with_gradient

D = torch.distributions
POINTS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
ELSEWHERE = 3.0 * POINTS.flip(0) - 1.0


def gradient(density):
    """The kind of function that is recorded: values and gradients without history."""

    def both(points):
        with torch.enable_grad():
            leaf = points.detach().requires_grad_(True)
            value = density(leaf)
            (slope,) = torch.autograd.grad(value.sum(), leaf)
        return value.detach(), slope

    return both


def assert_same(first, second, tolerance=1e-12):
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


class Masked(torch.nn.Module):
    """A float32 network with masked weights, an embedding of a constant, and writes into fresh memory."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.first, self.last = torch.nn.Linear(3, 8), torch.nn.Linear(8, 1)
        self.embedding = torch.nn.Linear(2, 8)

    def forward(self, points):
        weight = self.first.weight * (self.first.weight > 0)
        hidden = torch.tanh(torch.nn.functional.linear(points.float(), weight) + self.embedding(torch.ones(2)))
        total = hidden.new_zeros(len(points))
        total += self.last(hidden).squeeze(-1)
        for column in torch.unbind(points, dim=1):
            total = total + column.float() ** 2
        return total.double()


@pytest.mark.parametrize(
    "density",
    [
        Masked(),
        lambda p: -0.5 * (p**2).sum(-1),
        lambda p: torch.where(p[:, 0] > 0.0, p[:, 1], -torch.inf) + p[:, 2].cumsum(0).flip(0),
        lambda p: D.Normal(p[:, 0], p[:, 1].exp()).log_prob(p[:, 2]),
        lambda p: p[torch.arange(6), torch.tensor([0, 1, 2, 0, 1, 2])] ** 3,
    ],
)
def test_a_recording_gives_the_same_numbers(density):
    function = gradient(density)
    replay = recorded(function, POINTS)
    assert replay is not function
    for points in (POINTS, ELSEWHERE, POINTS):
        assert_same(function(points), replay(points), 1e-5 if isinstance(density, Masked) else 1e-12)


class _ThroughNumpy(torch.autograd.Function):
    @staticmethod
    def forward(context, points):
        context.save_for_backward(points)
        return torch.from_numpy(np.sin(points.numpy())).sum(-1)

    @staticmethod
    def backward(context, grad):
        return grad.unsqueeze(-1) * torch.from_numpy(np.cos(context.saved_tensors[0].numpy()))


def _branches(points):
    return points.sum(-1) if float(points.detach().sum()) > 0.0 else -points.sum(-1)


def _selects(points):
    total = torch.zeros(len(points), dtype=torch.float64)
    inside = points[:, 0] > 0.0
    total[inside] = points[inside].sum(-1)
    return total


@pytest.mark.parametrize(
    "density",
    [
        _branches,
        _selects,
        _ThroughNumpy.apply,
        lambda p: torch.nn.functional.dropout(p, 0.5).sum(-1),
        lambda p: (p + torch.rand(6, 3, dtype=torch.float64)).sum(-1),
    ],
    ids=["branches", "selects", "numpy", "dropout", "noise"],
)
def test_what_a_recording_cannot_stand_for_is_left_alone(density):
    function = gradient(density)
    assert recorded(function, POINTS) is function


class Residual(torch.nn.Module):
    """A density of one's own, N(θ + f(θ), 1), with a residual block of whatever ``combine`` does."""

    def __init__(self, combine):
        super().__init__()
        torch.manual_seed(2)
        self.enter, self.inner, self.leave = torch.nn.Linear(2, 8), torch.nn.Linear(8, 8), torch.nn.Linear(8, 2)
        self.norm, self.dropout = torch.nn.LayerNorm(8), torch.nn.Dropout(0.5)
        self.combine = combine
        self.double().eval()

    def log_prob(self, x, theta):
        hidden = torch.tanh(self.enter(theta))
        mean = theta + self.leave(self.combine(self, hidden))
        return D.Normal(mean, 1.0).log_prob(x).sum(-1)


def _in_place(model, hidden):
    total = hidden.clone()
    total += model.inner(hidden)
    total[..., 0].mul_(2.0)
    return total.relu_()


def _onto_a_constant(model, hidden):
    total = model.inner.bias.expand_as(hidden).clone()
    total += hidden
    return total


def _data_dependent(model, hidden):
    return hidden + model.inner(hidden) if float(hidden.detach().mean()) > 0.0 else hidden


RESIDUALS = {
    "residual": lambda model, hidden: hidden + model.inner(hidden),
    "normalized": lambda model, hidden: hidden + torch.relu(model.inner(model.norm(hidden))),
    "dropout in eval": lambda model, hidden: hidden + model.dropout(model.inner(hidden)),
    "in place": _in_place,
    "onto a constant": _onto_a_constant,
    "data-dependent": _data_dependent,
}


@pytest.mark.parametrize("kind", RESIDUALS)
def test_networks_of_ones_own_are_sampled_as_plain_calls_would(kind, monkeypatch):
    problem = posterior(Residual(RESIDUALS[kind]), D.Normal(torch.zeros(2).double(), 1.0), [[0.5, -0.2], [0.1, 0.3]])
    chains = {"chains": 4, "samples": 10, "warmup": 10, "seed": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        replayed = problem.mcmc(**chains)
        monkeypatch.setattr(gradients, "recorded", lambda function, example: function)
        called = problem.mcmc(**chains)
    np.testing.assert_allclose(replayed.samples, called.samples, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", RESIDUALS)
def test_only_what_depends_on_values_is_called_as_it_is(kind):
    potential = Potential(
        Residual(RESIDUALS[kind]), Prior(D.Normal(torch.zeros(2).double(), 1.0)), Observation([[0.5, -0.2]])
    )
    function = gradient(potential.log_likelihood)
    assert (recorded(function, POINTS[:, :2].contiguous()) is function) == (kind == "data-dependent")


def test_a_replay_that_raises_gives_way_to_the_function(monkeypatch):
    def fails(self, outputs):
        def run(point, *constants):
            raise RuntimeError("no such operation")

        return run

    monkeypatch.setattr(recording._Tape, "compile", fails)
    function = gradient(lambda p: -0.5 * (p**2).sum(-1))
    assert recorded(function, POINTS) is function


def test_errors_of_the_function_are_its_own():
    with pytest.raises(RuntimeError, match="size"):
        recorded(gradient(lambda p: p @ torch.ones(2, dtype=torch.float64)), POINTS)


@pytest.mark.parametrize(
    ("model", "x", "dimension"),
    [(Banana(), [[0.2, 0.4]], 2), (Bimodal(), [[1.0], [0.5]], 1), (GaltonExact(), [[12.0], [13.0]], 1)],
)
@pytest.mark.parametrize("kind", [D.Uniform, D.LogNormal])
def test_recorded_posteriors_equal_autograd(model, x, dimension, kind):
    bounds = torch.full((dimension,), -1.0, dtype=torch.float64), torch.full((dimension,), 0.5, dtype=torch.float64)
    prior = kind(*bounds) if kind is D.Uniform else D.LogNormal(*bounds)
    potential = Potential(model, Prior(prior), Observation(np.array(x)))
    target, reference = gradient_of(potential), with_gradient(potential.log_prob_free)
    for seed in range(3):
        u = np.random.default_rng(seed).normal(size=(5, dimension))
        for ours, wanted in zip(target(u), reference(u), strict=True):
            np.testing.assert_allclose(ours, wanted, rtol=1e-9, atol=1e-9)


def test_weights_changed_between_two_runs_count():
    class Slope(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))

        def log_ratio(self, theta, x):
            return self.weight * theta[..., 0]

    model = Slope()
    problem = posterior(model, D.Normal(torch.zeros(1, dtype=torch.float64), 1.0), [[0.3]])
    found = []
    for weight in (0.0, 3.0):
        with torch.no_grad():
            model.weight.fill_(weight)
        found.append(problem.mcmc(chains=10, samples=500, warmup=100, seed=0))
    for result, mean in zip(found, (0.0, 3.0), strict=True):
        assert abs(result.mean[0] - mean) < ALPHA_Z * result.error[0]
