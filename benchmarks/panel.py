"""Tasks with exact likelihoods on which the defaults of density estimators are chosen and judged.

Between them: sharp posteriors on positive parameters, ten dimensions, edges of a prior, heavy tails, bounded outcomes,
counts, zeros that come with a probability, symmetric modes. Scores are exact, or joint where a latent is drawn.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from tasks import MAKERS, Task
from torch import Tensor
from torch.distributions import Beta, Binomial, Gamma, Poisson, StudentT

__all__ = ["PANEL"]

TEN = 10


def _double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _normal(value: Tensor, mean: Tensor, spread: Tensor | float) -> Tensor:
    scale = torch.as_tensor(spread, dtype=torch.float64)
    return -0.5 * ((value - mean) / scale) ** 2 - scale.log() - 0.5 * math.log(2 * math.pi)


def _noise(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _sampled(law: Any, generator: torch.Generator) -> Tensor:
    """Draw from a distribution of torch with a seed from our generator."""
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        draws: Tensor = law.sample()
    return draws


def _closed(name: str, draw: Any, log_likelihood: Any, **proposal: Any) -> Task:
    """Return a task without latents."""
    box = {"low": (), "high": ()} | proposal
    return Task(
        name=name,
        draw=lambda theta, generator: (draw(theta, generator), None),
        log_joint=lambda theta, x, latents: log_likelihood(theta, x),
        log_likelihood=log_likelihood,
        **box,
    )


def _gaussian_linear() -> Task:
    normal = (torch.zeros(TEN).double(), math.sqrt(0.1) * torch.eye(TEN).double())
    return _closed("gaussian_linear", _location, _location_density, normal=normal)


def _gaussian_linear_uniform() -> Task:
    return _closed("gaussian_linear_uniform", _location, _location_density, low=(-1.0,) * TEN, high=(1.0,) * TEN)


def _location(theta: Tensor, generator: torch.Generator) -> Tensor:
    return theta + math.sqrt(0.1) * _noise(generator, *theta.shape)


def _location_density(theta: Tensor, x: Tensor) -> Tensor:
    return _normal(x, theta, math.sqrt(0.1)).sum(-1)


def _runge_kutta(slope: Callable[[Tensor], Tensor], state: Tensor, step: float, steps: int, every: int) -> Tensor:
    """Return the states at every ``every``-th step, stacked at the end."""
    kept = []
    for index in range(steps):
        a = slope(state)
        b = slope(state + 0.5 * step * a)
        c = slope(state + 0.5 * step * b)
        d = slope(state + step * c)
        state = state + step / 6.0 * (a + 2 * b + 2 * c + d)
        if (index + 1) % every == 0:
            kept.append(state)
    return torch.stack(kept, -1)


def _lotka_volterra() -> Task:
    """Predators and prey by an ordinary differential equation, seen ten times with log-normal noise (sbibm)."""
    mean = _double(-0.125, -3.0, -0.125, -3.0)

    def log_paths(theta: Tensor) -> Tensor:
        a, b, c, d = theta.unbind(-1)

        def slope(state: Tensor) -> Tensor:
            prey, predators = state.exp().unbind(-1)
            return torch.stack([a - b * predators, d * prey - c], -1)

        start = _double(30.0, 1.0).log().expand(*theta.shape[:-1], 2)
        return _runge_kutta(slope, start, 0.1, 200, 20).flatten(-2).clamp(-12.0, 12.0)

    def draw(theta: Tensor, generator: torch.Generator) -> Tensor:
        path = log_paths(theta)
        return (path + 0.1 * _noise(generator, *path.shape)).exp()

    def log_likelihood(theta: Tensor, x: Tensor) -> Tensor:
        return (_normal(x.log(), log_paths(theta), 0.1) - x.log()).sum(-1)

    normal = (mean, 0.5 * torch.eye(4).double())
    return _closed("lotka_volterra", draw, log_likelihood, normal=normal, exponential=True)


def _sir() -> Task:
    """An epidemic among a million, ten counts of infected among a thousand tested (sbibm)."""
    mean = _double(math.log(0.4), math.log(0.125))

    def infected(theta: Tensor) -> Tensor:
        contact, recovery = theta.unbind(-1)

        def slope(state: Tensor) -> Tensor:
            healthy, log_ill = state.unbind(-1)
            ill = log_ill.exp()
            return torch.stack([-contact * healthy * ill, contact * healthy - recovery], -1)

        start = _double(1.0 - 1e-6, math.log(1e-6)).expand(*theta.shape[:-1], 2)
        return _runge_kutta(slope, start, 1.0, 170, 17)[..., 1, :].exp().clamp(1e-12, 1.0 - 1e-6)

    def draw(theta: Tensor, generator: torch.Generator) -> Tensor:
        return _sampled(Binomial(1000, infected(theta)), generator)

    def log_likelihood(theta: Tensor, x: Tensor) -> Tensor:
        return Binomial(1000, infected(theta), validate_args=False).log_prob(x).sum(-1)

    normal = (mean, torch.diag(_double(0.5, 0.2)))
    return _closed("sir", draw, log_likelihood, normal=normal, exponential=True)


def _tails() -> Task:
    """Heavy tails beside a bounded outcome: five Student draws around θ1 with width exp θ2, and three of a Beta."""

    def shapes(theta: Tensor) -> tuple[Tensor, Tensor]:
        mean, strength = torch.sigmoid(theta[..., 2:]), 4.0 * theta[..., 1:2].exp()
        return mean * strength, (1.0 - mean) * strength

    def draw(theta: Tensor, generator: torch.Generator) -> Tensor:
        unit = _sampled(StudentT(torch.full((len(theta), 5), 1.5).double()), generator)
        share = _sampled(Beta(*(part.expand(-1, 3) for part in shapes(theta))), generator).clamp(1e-9, 1 - 1e-9)
        return torch.cat([theta[:, :1] + theta[:, 1:2].exp() * unit, share], 1)

    def log_likelihood(theta: Tensor, x: Tensor) -> Tensor:
        width = theta[..., 1:2].exp()
        heavy = StudentT(_double(1.5), theta[..., :1], width).log_prob(x[..., :5]).sum(-1)
        return heavy + Beta(*shapes(theta), validate_args=False).log_prob(x[..., 5:]).sum(-1)

    return _closed("tails", draw, log_likelihood, low=(-5.0, -1.0, -2.0), high=(5.0, 1.0, 2.0))


def _detector() -> Task:
    """A calorimeter: the number of hits, two energies that are 0 unless their cell fires, and a timing."""

    def parts(theta: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        rate, energy, efficiency = theta.unbind(-1)
        fires = torch.sigmoid(torch.stack([efficiency, efficiency + 0.5 * energy], -1))
        return 5.0 * rate.exp(), fires, 2.0 * energy.exp(), 0.5 * (rate - energy)

    def draw(theta: Tensor, generator: torch.Generator) -> Tensor:
        rate, fires, energy, time = parts(theta)
        hits = _sampled(Poisson(rate), generator)
        deposit = _sampled(Gamma(torch.full_like(fires, 3.0), (3.0 / energy).unsqueeze(-1)), generator)
        fired = torch.rand(fires.shape, generator=generator, dtype=torch.float64) < fires
        clock = time + 0.3 * _noise(generator, len(theta))
        return torch.cat([hits.unsqueeze(1), torch.where(fired, deposit, 0.0), clock.unsqueeze(1)], 1)

    def log_likelihood(theta: Tensor, x: Tensor) -> Tensor:
        rate, fires, energy, time = parts(theta)
        cells, fired = x[..., 1:3], x[..., 1:3] > 0
        shape = torch.full_like(fires, 3.0)
        law = Gamma(shape, (3.0 / energy).unsqueeze(-1), validate_args=False)
        deposit = fires.log() + law.log_prob(torch.where(fired, cells, 1.0))
        energies = torch.where(fired, deposit, (-fires).log1p()).sum(-1)
        return Poisson(rate).log_prob(x[..., 0]) + energies + _normal(x[..., 3], time, 0.3)

    return _closed("detector", draw, log_likelihood, low=(-1.0, -1.0, -2.0), high=(1.0, 1.0, 2.0))


def _with_crescent() -> Task:
    """Two moons with the likelihood integrated over the crescent."""
    moons = MAKERS["two_moons"]()
    angle = torch.linspace(-0.5 * math.pi, 0.5 * math.pi, 65).double()
    radius = torch.linspace(0.075, 0.125, 7).double()
    weight = torch.ones(65).double()
    weight[[0, -1]] = 0.5
    log_weight = (weight.log()[:, None] - 0.5 * ((radius - 0.1) / 0.01) ** 2).flatten().log_softmax(0)
    points = torch.stack([angle.cos()[:, None] * radius + 0.25, angle.sin()[:, None] * radius], -1).flatten(0, 1)

    def log_likelihood(theta: Tensor, x: Tensor) -> Tensor:
        along = -(theta[..., 0] + theta[..., 1]).abs() / math.sqrt(2.0)
        center = torch.stack([along, (theta[..., 1] - theta[..., 0]) / math.sqrt(2.0)], -1)
        distance = _normal((x - center).unsqueeze(-2), points, 0.02).sum(-1)
        return torch.logsumexp(distance + log_weight, -1)

    return Task(**(vars(moons) | {"log_likelihood": log_likelihood}))


PANEL: dict[str, Callable[[], Task]] = {
    "slcp": MAKERS["slcp"],
    "gaussian_mixture": MAKERS["gaussian_mixture"],
    "bernoulli_glm": MAKERS["bernoulli_glm"],
    "two_moons": _with_crescent,
    "gaussian_linear": _gaussian_linear,
    "gaussian_linear_uniform": _gaussian_linear_uniform,
    "lotka_volterra": _lotka_volterra,
    "sir": _sir,
    "tails": _tails,
    "detector": _detector,
}
"""Tasks by name, each with ``log_likelihood``; bernoulli_glm needs the reference folder."""
