"""One contract for every density: normalized, sampled by what it says, smooth in its context, saved and loaded."""

import numpy as np
import pytest
import torch

from motherlode.estimators.density import DENSITIES, Categorical, Ordinal, make_density
from motherlode.estimators.transforms import ColumnTransforms, Kind

NAMES = sorted(DENSITIES)


def build(name, features=2, context=3):
    torch.manual_seed(1)
    density = make_density(name, features, context, (16, 16), "silu", 2)
    with torch.no_grad():
        for weight in density.parameters():
            weight += 0.1 * torch.randn(weight.shape)
    return density.eval()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("features", [1, 2])
def test_it_integrates_to_one(name, features):
    density = build(name, features)
    axis = torch.linspace(-12.0, 12.0, 301)
    grid = torch.stack(torch.meshgrid(*[axis] * features, indexing="ij"), -1).reshape(-1, features)
    with torch.no_grad():
        log_p = density.log_prob(grid, torch.tensor([[0.3, -0.5, 1.0]]).expand(len(grid), 3))
    total = float(log_p.double().exp().sum()) * float(axis[1] - axis[0]) ** features
    assert total == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_samples_follow_the_density(name):
    """E over samples of log q - log q' has the sign and, on the same density, mean entropies must agree."""
    density = build(name)
    context = torch.tensor([[0.3, -0.5, 1.0]]).expand(2000, 3)
    torch.manual_seed(2)
    draws = density.sample(context)
    assert draws.shape == (2000, 2)
    axis = torch.linspace(-12.0, 12.0, 241)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    with torch.no_grad():
        log_p = density.log_prob(grid, context[:1].expand(len(grid), 3)).double()
        weight = log_p.exp() * float(axis[1] - axis[0]) ** 2
        values = density.log_prob(draws, context).double()
    entropy = float((weight * log_p).sum())
    error = float(values.std()) / np.sqrt(len(values))
    assert abs(float(values.mean()) - entropy) < 4.5 * error + 0.02


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_in_the_context_can_be_trained(name):
    density = build(name)
    context = torch.randn(8, 3, requires_grad=True)
    log_p = density.log_prob(torch.randn(8, 2), context)
    (score,) = torch.autograd.grad(log_p.sum(), context, create_graph=True)
    score.square().sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in density.parameters() if weight.grad is not None)
    assert sum(float(weight.grad.abs().sum()) for weight in density.parameters() if weight.grad is not None) > 0


@pytest.mark.parametrize("transforms", [1, 2, 5])
@pytest.mark.parametrize("features", [2, 3, 4])
def test_nflows_coupling_maps_every_column_by_the_context(features, transforms):
    torch.manual_seed(1)
    density = make_density("nflows_coupling", features, 1, (16, 16), "silu", transforms)
    value, context = torch.randn(6, features), torch.randn(6, 1, requires_grad=True)
    noise, _ = density.flow._transform(value, context)
    slopes = [torch.autograd.grad(noise[:, j].sum(), context, retain_graph=True)[0] for j in range(features)]
    assert all((slope != 0).any() for slope in slopes)
    assert ((noise - value).abs() > 0.01).any(0).all()


@pytest.mark.parametrize("name", ["nflows_maf", "nflows_nsf", "nflows_coupling"])
@pytest.mark.parametrize("hidden", [(64, 32), ()])
def test_nflows_refuses_widths_it_would_ignore(name, hidden):
    with pytest.raises(ValueError, match="share one width"):
        make_density(name, 2, 1, hidden, "silu", 2)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="nflows_maf"):
        make_density("flow", 1, 1, (8,), "silu", 1)


def test_categorical_is_normalized_and_knows_its_range():
    torch.manual_seed(0)
    head = Categorical([0, 5], [2, 8], 1, (8,), "silu")
    grid = torch.cartesian_prod(torch.arange(-1.0, 4.0), torch.arange(4.0, 10.0))
    context = torch.zeros(len(grid), 1)
    log_p = head.log_prob(grid, context).detach()
    assert float(log_p.exp().sum()) == pytest.approx(1.0, abs=1e-6)
    assert torch.isneginf(log_p[grid[:, 0] < 0]).all()
    assert torch.isneginf(head.log_prob(torch.tensor([[0.5, 5.0]]), context[:1])).all()
    draws = head.sample(torch.zeros(20_000, 1))
    frequency = ((draws == torch.tensor([1.0, 6.0])).all(-1)).double().mean()
    expected = float(head.log_prob(torch.tensor([[1.0, 6.0]]), context[:1]).detach().exp())
    assert abs(frequency - expected) < 4.5 * np.sqrt(expected / 20_000)


def test_ordinal_is_normalized_over_all_whole_numbers():
    torch.manual_seed(0)
    head = Ordinal(1, 1, (8,), "silu")
    head.fit(torch.randn(500, 1) * 40 + 300)
    grid = torch.arange(-3000.0, 4000.0).unsqueeze(-1)
    log_p = head.log_prob(grid, torch.zeros(len(grid), 1)).detach()
    assert torch.isfinite(log_p).all()
    assert float(log_p.double().exp().sum()) == pytest.approx(1.0, abs=1e-4)
    draws = head.sample(torch.zeros(20_000, 1))
    assert torch.equal(draws, draws.round())
    mean = float((log_p.double().exp() * grid[:, 0]).sum())
    assert float(draws.mean()) == pytest.approx(mean, abs=4.5 * float(draws.std()) / np.sqrt(20_000))


def test_coordinates_choose_what_the_columns_are():
    generator = np.random.default_rng(0)
    columns = [
        generator.normal(size=5000),
        generator.lognormal(3.0, 1.0, 5000),
        generator.standard_t(1.5, 5000),
        generator.uniform(1.0, 2.0, 5000),
    ]
    values = torch.as_tensor(np.stack(columns, 1))
    coordinates = ColumnTransforms((4,))
    coordinates.fit(values)
    assert coordinates.kind.tolist() == [Kind.IDENTITY, Kind.LOG, Kind.ARSINH, Kind.IDENTITY]
    u = coordinates(values)
    torch.testing.assert_close(u.mean(0), torch.zeros(4).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(coordinates.inverse(u), values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_jacobian_is_the_derivative(kind):
    coordinates = ColumnTransforms((2,))
    coordinates.fit(torch.rand(100, 2).double() + 0.5)
    coordinates.kind.fill_(int(kind))
    coordinates.low.fill_(0.1)
    coordinates.high.fill_(2.0)
    coordinates.load_state_dict(coordinates.state_dict())
    values = (torch.rand(7, 2).double() + 0.5).requires_grad_()
    (slope,) = torch.autograd.grad(coordinates(values).sum(), values)
    torch.testing.assert_close(coordinates.log_jacobian(values), slope.log())


def test_outside_the_support_the_density_is_zero():
    coordinates = ColumnTransforms((1,))
    coordinates.fit(torch.rand(100, 1).double(), bounds=(torch.zeros(1), torch.ones(1)))
    outside = torch.tensor([[-0.1], [1.1]]).double()
    assert torch.isneginf(coordinates.log_jacobian(outside)).all()
    assert torch.isfinite(coordinates(outside)).all()
