"""Simulators with exact gold, vectorized for benchmarks: each task draws (x, z) and knows log p(x, z | θ).

The gold follows from log p(x, z | θ) at the alternatives and by autograd at θ, in float64. The plain simulators of
the same names under simulators/ are mined by replay; these are their vectorized twins, for studies of many events.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributions import (
    Distribution,
    ExpTransform,
    Independent,
    MultivariateNormal,
    TransformedDistribution,
    Uniform,
)

import motherlode

__all__ = ["MAKERS", "Task", "mine", "reference"]

REFERENCE = Path(__file__).parents[2] / "shared" / "reference" / "sbibm"


@dataclass(frozen=True)
class Task:
    """A simulator with its proposal.

    Attributes
    ----------
    low, high
        Box of the uniform proposal, or centre ∓ spread of a normal one.
    draw
        (θ of shape (N, D), generator) -> (x, latents).
    log_joint
        (θ of shape (N, D), x, latents) -> log p(x, z | θ) with shape (N,).
    log_likelihood
        (θ, x) -> log p(x | θ) where it is known.
    normal
        Mean and Cholesky factor of a normal proposal instead of the box.
    exponential
        Whether θ is the exponential of such a normal: a log-normal proposal.
    near
        Share of the box within which θ and alternatives spread around a common centre, for tasks whose joint ratios
        explode at a distance; None draws alternatives like θ.
    """

    name: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    draw: Callable[[Tensor, torch.Generator], tuple[Tensor, Any]]
    log_joint: Callable[[Tensor, Tensor, Any], Tensor]
    log_likelihood: Callable[[Tensor, Tensor], Tensor] | None = None
    normal: tuple[Tensor, Tensor] | None = None
    near: float | None = None
    exponential: bool = False

    @property
    def prior(self) -> Distribution:
        """The proposal as a distribution with event shape (D,)."""
        if self.normal is None:
            return Independent(Uniform(torch.tensor(self.low).double(), torch.tensor(self.high).double()), 1)
        law = MultivariateNormal(self.normal[0], scale_tril=self.normal[1])
        return TransformedDistribution(law, [ExpTransform()]) if self.exponential else law

    def propose(self, count: int, generator: torch.Generator) -> Tensor:
        """Return θ with shape (count, D)."""
        if self.normal is not None:
            mean, factor = self.normal
            values = mean + torch.randn(count, len(mean), generator=generator, dtype=torch.float64) @ factor.T
            return values.exp() if self.exponential else values
        low, high = torch.tensor(self.low).double(), torch.tensor(self.high).double()
        return low + (high - low) * torch.rand(count, len(low), generator=generator, dtype=torch.float64)

    def log_prior(self, theta: Tensor) -> Tensor:
        """Return log π(θ), -inf outside its support."""
        inside = self.prior.support.check(theta)  # type: ignore[union-attr]
        safe = torch.where(inside.unsqueeze(-1), theta, self.prior.sample())
        return torch.where(inside, self.prior.log_prob(safe), -torch.inf)


def mine(task: Task, count: int, alternatives: int, seed: int) -> Any:
    """Return Events with exact gold, θ and alternatives from the task's proposal."""
    generator = torch.Generator().manual_seed(seed)
    theta, others = _parameters(task, count, alternatives, generator)
    x, latents = task.draw(theta, generator)
    leaf = theta.clone().requires_grad_()
    log_p = task.log_joint(leaf, x, latents)
    (score,) = torch.autograd.grad(log_p.sum(), leaf)
    with torch.no_grad():
        columns = [task.log_joint(others[:, k], x, latents) for k in range(alternatives)]
    log_p = log_p.detach()
    ratio = log_p[:, None] - torch.stack(columns, 1) if columns else torch.empty(count, 0)
    arrays = [value.numpy() for value in (theta, others, x, ratio, score)]
    return motherlode.Events(*arrays, seed=seed, exchangeable=True)


def _parameters(task: Task, count: int, alternatives: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    if task.near is None or not alternatives:
        theta = task.propose(count, generator)
        return theta, task.propose(count * alternatives, generator).reshape(count, alternatives, theta.shape[1])
    low, high = torch.tensor(task.low).double(), torch.tensor(task.high).double()
    shifts = torch.rand(count, alternatives + 1, len(low), generator=generator, dtype=torch.float64) - 0.5
    unit = ((task.propose(count, generator) - low) / (high - low)).unsqueeze(1) + task.near * shifts
    unit = torch.where(unit < 0, -unit, torch.where(unit > 1, 2 - unit, unit))
    points = low + (high - low) * unit
    return points[:, 0], points[:, 1:]


def reference(task: str, observation: int = 1) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the observation (L,) and reference posterior samples (10,000, D) of sbibm."""
    folder = REFERENCE / task / f"observation_{observation}"
    observed = np.loadtxt(folder / "observation.csv", delimiter=",", skiprows=1)
    samples = np.loadtxt(folder / "reference_posterior_samples.csv.bz2", delimiter=",", skiprows=1)
    return observed, samples


def _normal(value: Tensor, mean: Tensor | float, stddev: Tensor | float) -> Tensor:
    scale = torch.as_tensor(stddev, dtype=torch.float64)
    return -0.5 * ((value - mean) / scale) ** 2 - scale.log() - 0.5 * math.log(2 * math.pi)


def _noise(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _galton() -> Task:
    """The board of simulators/galton, vectorized; x is the last nail, z the turns and the nails they were made at."""
    rows = torch.arange(20)
    strength = torch.sin(math.pi * rows / 19).double()

    def left(theta: Tensor, row: int, nail: Tensor) -> Tensor:
        slope = 10.0 * (2.0 * nail / 30 - 1.0)
        return 0.5 * (1.0 - strength[row]) + strength[row] * torch.sigmoid(theta * slope)

    def draw(theta: Tensor, generator: torch.Generator) -> tuple[Tensor, Any]:
        nail, turns, nails = torch.full((len(theta),), 15.0).double(), [], []
        for row in range(20):
            turn = torch.rand(len(theta), generator=generator, dtype=torch.float64) < left(theta[:, 0], row, nail)
            turns.append(turn)
            nails.append(nail)
            nail = nail + torch.where(turn, -float(row % 2), 1.0 - row % 2)
        return nail, (torch.stack(turns), torch.stack(nails))

    def log_joint(theta: Tensor, x: Tensor, latents: Any) -> Tensor:
        turns, nails = latents
        chances = (left(theta[:, 0], row, nails[row]) for row in range(20))
        return torch.stack([torch.where(turns[row], p, 1 - p).log() for row, p in enumerate(chances)]).sum(0)

    return Task("galton", (-1.0,), (-0.4,), draw, log_joint)


def _ising() -> Task:
    """The lattice of simulators/ising, vectorized."""
    neighbours = [
        [((i + a) % 4) * 4 + (j + b) % 4 for a, b in ((-1, 0), (1, 0), (0, -1), (0, 1))]
        for i in range(4)
        for j in range(4)
    ]
    right, below = [(s // 4) * 4 + (s + 1) % 4 for s in range(16)], [(s + 4) % 16 for s in range(16)]

    def draw(theta: Tensor, generator: torch.Generator) -> tuple[Tensor, Any]:
        spins = 2.0 * (torch.rand(len(theta), 16, generator=generator) < 0.5).double() - 1.0
        fields, turns = [], []
        for _ in range(5):
            for site in range(16):
                field = spins[:, neighbours[site]].sum(1)
                up = torch.rand(len(theta), generator=generator, dtype=torch.float64) < torch.sigmoid(
                    2 * theta[:, 0] * field
                )
                spins[:, site] = torch.where(up, 1.0, -1.0).double()
                fields.append(field)
                turns.append(spins[:, site].clone())
        energy = -(spins * (spins[:, right] + spins[:, below])).sum(1) / 16
        return torch.stack([spins.mean(1), energy], 1), (torch.stack(fields), torch.stack(turns))

    def log_joint(theta: Tensor, x: Tensor, latents: Any) -> Tensor:
        fields, turns = latents
        return torch.nn.functional.logsigmoid(2 * theta[:, 0] * fields * turns).sum(0)

    return Task("ising", (0.0,), (0.8,), draw, log_joint)


def _linear_gaussian() -> Task:
    def draw(theta: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        z = theta[:, 0] + 2.0 * _noise(generator, len(theta))
        return (z + _noise(generator, len(theta))).unsqueeze(-1), z

    def log_joint(theta: Tensor, x: Tensor, z: Tensor) -> Tensor:
        return _normal(z, theta[:, 0], 2.0) + _normal(x[:, 0], z, 1.0)

    def log_likelihood(theta: Tensor, x: Tensor) -> Tensor:
        return _normal(x[..., 0], theta[..., 0], math.sqrt(5.0))

    return Task("linear_gaussian", (-4.0,), (4.0,), draw, log_joint, log_likelihood)


def _gaussian_mixture() -> Task:
    def draw(theta: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        wide = torch.rand(len(theta), generator=generator) < 0.5
        spread = torch.where(wide, 1.0, 0.1).double().unsqueeze(-1)
        return theta + spread * _noise(generator, *theta.shape), spread

    def log_joint(theta: Tensor, x: Tensor, spread: Tensor) -> Tensor:
        return _normal(x, theta, spread).sum(-1) + math.log(0.5)

    def log_likelihood(theta: Tensor, x: Tensor) -> Tensor:
        wide, narrow = (_normal(x, theta, spread).sum(-1) for spread in (1.0, 0.1))
        return torch.logaddexp(wide, narrow) + math.log(0.5)

    return Task("gaussian_mixture", (-10.0, -10.0), (10.0, 10.0), draw, log_joint, log_likelihood, near=0.05)


def _slcp() -> Task:
    def parts(theta: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        s1, s2, rho = theta[..., 2] ** 2, theta[..., 3] ** 2, torch.tanh(theta[..., 4])
        a = torch.sqrt(s1**2 + 1e-6)
        b = rho * s1 * s2 / a
        return theta[..., :2], a, b, torch.sqrt((s2**2 + 1e-6 - b**2).clamp_min(1e-12))

    def draw(theta: Tensor, generator: torch.Generator) -> tuple[Tensor, None]:
        mean, a, b, c = (part.unsqueeze(1) for part in parts(theta))
        noise = _noise(generator, len(theta), 4, 2)
        first = mean[..., 0] + a * noise[..., 0]
        second = mean[..., 1] + b * noise[..., 0] + c * noise[..., 1]
        return torch.stack([first, second], -1).flatten(1), None

    def log_joint(theta: Tensor, x: Tensor, latents: None) -> Tensor:
        mean, a, b, c = (part.unsqueeze(-1 if part.dim() < theta.dim() else -2) for part in parts(theta))
        points = x.unflatten(-1, (4, 2))
        u = (points[..., 0] - mean[..., 0]) / a
        v = (points[..., 1] - mean[..., 1] - b * u) / c
        return (-0.5 * (u**2 + v**2) - a.log() - c.log() - math.log(2 * math.pi)).sum(-1)

    return Task("slcp", (-3.0,) * 5, (3.0,) * 5, draw, log_joint, lambda theta, x: log_joint(theta, x, None))


def _two_moons() -> Task:
    def center(theta: Tensor) -> Tensor:
        first = -(theta[..., 0] + theta[..., 1]).abs() / math.sqrt(2.0)
        return torch.stack([first, (theta[..., 1] - theta[..., 0]) / math.sqrt(2.0)], -1)

    def draw(theta: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        angle = math.pi * (torch.rand(len(theta), generator=generator, dtype=torch.float64) - 0.5)
        radius = 0.1 + 0.01 * _noise(generator, len(theta))
        crescent = torch.stack([radius * angle.cos() + 0.25, radius * angle.sin()], -1)
        return crescent + center(theta) + 0.02 * _noise(generator, len(theta), 2), crescent

    def log_joint(theta: Tensor, x: Tensor, crescent: Tensor) -> Tensor:
        return _normal(x, crescent + center(theta), 0.02).sum(-1)

    return Task("two_moons", (-1.0, -1.0), (1.0, 1.0), draw, log_joint)


def _bernoulli_glm() -> Task:
    """GLM of sbibm: x are the sufficient statistics Vᵀy of 100 Bernoulli draws, so p(x|θ) is known up to c(x)."""
    path = REFERENCE / "bernoulli_glm" / "design_matrix.csv"
    design = torch.as_tensor(np.loadtxt(path, delimiter=","))
    size = design.shape[1] - 1
    step = torch.eye(size).double() - torch.diag(torch.ones(size - 1).double(), -1)
    smooth = step @ step + torch.diag((torch.arange(size).double() / size).sqrt())
    precision = torch.zeros(size + 1, size + 1).double()
    precision[0, 0] = 0.5
    precision[1:, 1:] = smooth.T @ smooth
    factor = torch.linalg.cholesky(torch.linalg.inv(precision))

    def draw(theta: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        chance = torch.sigmoid(theta @ design.T)
        y = (torch.rand(chance.shape, generator=generator, dtype=torch.float64) < chance).double()
        return y @ design, y

    def log_joint(theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
        logits = theta @ design.T
        return (y * logits - torch.nn.functional.softplus(logits)).sum(-1)

    def log_likelihood(theta: Tensor, x: Tensor) -> Tensor:
        return (theta * x).sum(-1) - torch.nn.functional.softplus(theta @ design.T).sum(-1)

    spread = 3.0 * factor.square().sum(1).sqrt()
    low, high = tuple((-spread).tolist()), tuple(spread.tolist())
    normal = (torch.zeros(size + 1).double(), factor)
    return Task("bernoulli_glm", low, high, draw, log_joint, log_likelihood, normal)


def _lotka_volterra() -> Task:
    """The populations of simulators/lotka_volterra after a time of 0.5, all runs stepped together."""
    moves = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]).double()

    def exposures(x: Tensor) -> Tensor:
        pairs = x[:, 0] * x[:, 1]
        return torch.stack([pairs, x[:, 0], x[:, 1], pairs], 1)

    def draw(theta: Tensor, generator: torch.Generator) -> tuple[Tensor, Any]:
        x = torch.tensor([50.0, 100.0]).double().repeat(len(theta), 1)
        left = torch.full((len(theta),), 0.5).double()
        counts, areas = torch.zeros(2, len(theta), 4).double()
        while bool((left > 0).any()):
            exposed = exposures(x)
            rates = exposed * theta.exp()
            wait = torch.empty_like(left).exponential_(generator=generator) / rates.sum(1)
            areas += exposed * torch.minimum(wait, left).unsqueeze(1)
            left = (left - wait).clamp_min(0.0)
            chosen = torch.multinomial(rates, 1, generator=generator).squeeze(1)
            happened = torch.nn.functional.one_hot(chosen, 4) * (left > 0).unsqueeze(1)
            counts += happened
            x = x + happened.double() @ moves
        return x, (counts, areas)

    def log_joint(theta: Tensor, x: Tensor, latents: Any) -> Tensor:
        counts, areas = latents
        return (counts * theta - areas * theta.exp()).sum(1)

    return Task("lotka_volterra", (-5.0, -0.8, -0.3, -5.0), (-4.5, -0.3, 0.2, -4.5), draw, log_joint)


MAKERS = {
    "galton": _galton,
    "ising": _ising,
    "linear_gaussian": _linear_gaussian,
    "gaussian_mixture": _gaussian_mixture,
    "slcp": _slcp,
    "two_moons": _two_moons,
    "bernoulli_glm": _bernoulli_glm,
    "lotka_volterra": _lotka_volterra,
}
"""Tasks by name; bernoulli_glm needs the reference folder."""
