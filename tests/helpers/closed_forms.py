"""Problems whose posterior is known exactly: the ground that every algorithm of inference is tested on."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

ALPHA_Z = 4.0  # two-sided 6e-5


@dataclass(frozen=True)
class GaussianLocation:
    """x ~ N(θ, covariance): with a normal prior the posterior is normal, with a uniform one truncated normal."""

    covariance: Tensor

    @property
    def law(self):
        return lambda theta: torch.distributions.MultivariateNormal(theta, self.covariance)

    def log_prob(self, x, theta):
        return self.law(theta).log_prob(x)

    def sample(self, theta, count, seed):
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(count, len(theta), generator=generator, dtype=torch.float64)
        return theta + noise @ torch.linalg.cholesky(self.covariance).T

    def posterior(self, prior_covariance, x):
        """Mean and covariance under the prior N(0, prior_covariance)."""
        precision = torch.linalg.inv(self.covariance)
        covariance = torch.linalg.inv(torch.linalg.inv(prior_covariance) + len(x) * precision)
        return covariance @ precision @ x.sum(dim=0), covariance

    def log_evidence(self, prior_covariance, x):
        """log ∫ π(θ) Π p(x_i|θ) dθ, from Bayes' theorem at θ = 0."""
        mean, covariance = self.posterior(prior_covariance, x)
        zero = torch.zeros(len(mean), dtype=torch.float64)
        normal = torch.distributions.MultivariateNormal
        prior = normal(zero, prior_covariance).log_prob(zero)
        return float(prior + self.law(zero).log_prob(x).sum() - normal(mean, covariance).log_prob(zero))


@dataclass(frozen=True)
class GaussianRatio:
    """The same in one dimension as a log-ratio against θ = 0."""

    sd: float = 1.0

    def log_ratio(self, theta, x):
        return ((x - 0.5 * theta) * theta).squeeze(-1) / self.sd**2


class GaltonExact:
    """The exact log p(x|θ) of the Galton board by dynamic programming in torch, differentiable in θ."""

    def __init__(self):
        rows, nails = torch.arange(20.0, dtype=torch.float64), torch.arange(32.0, dtype=torch.float64)
        self.strength = torch.sin(math.pi * rows / 19.0)
        self.slope = 2.0 * nails / 30.0 - 1.0

    def table(self, theta):
        """p(x|θ) with shape (*B, 32) for theta (*B,)."""
        p = torch.zeros(*theta.shape, 32, dtype=torch.float64)
        p[..., 15] = 1.0
        bias = torch.sigmoid(10.0 * theta.unsqueeze(-1) * self.slope)
        for row, s in enumerate(self.strength):
            left = 0.5 * (1.0 - s) + s * bias
            stay, move = (p * left, p * (1.0 - left)) if row % 2 == 0 else (p * (1.0 - left), p * left)
            shift = 1 if row % 2 == 0 else -1
            p = stay + torch.roll(move, shift, dims=-1)
        return p

    def log_prob(self, x, theta):
        table = self.table(theta.squeeze(-1))
        return table.gather(-1, x.round().long()).squeeze(-1).log()

    def posterior(self, x, low=-1.0, high=-0.4, points=4001):
        """Grid of θ, its exact posterior density, mean and sd under U(low, high)."""
        grid = torch.linspace(low, high, points, dtype=torch.float64)
        log_p = self.table(grid).log()[:, x.squeeze(-1).long()].sum(dim=-1)
        weight = torch.softmax(log_p, dim=0)
        mean = float(weight @ grid)
        return grid, weight / (grid[1] - grid[0]), mean, float((weight @ (grid - mean) ** 2).sqrt())

    def sample(self, theta, count, seed):
        generator = torch.Generator().manual_seed(seed)
        p = self.table(torch.tensor(theta, dtype=torch.float64))
        return torch.multinomial(p, count, replacement=True, generator=generator).to(torch.float64).unsqueeze(-1)


@dataclass(frozen=True)
class Bimodal:
    """p(x|θ) symmetric in θ: ½ N(x; θ, s²) + ½ N(x; -θ, s²)."""

    sd: float = 0.5

    def log_prob(self, x, theta):
        normal = torch.distributions.Normal(0.0, self.sd)
        both = torch.stack([normal.log_prob(x - theta), normal.log_prob(x + theta)])
        return (torch.logsumexp(both, dim=0) - math.log(2.0)).sum(dim=-1)


@dataclass(frozen=True)
class Banana:
    """x ~ N((θ1, θ2 + b θ1²), s²): with a normal prior a curved ridge."""

    bend: float = 0.5
    sd: float = 0.3

    def log_prob(self, x, theta):
        mean = torch.stack([theta[..., 0], theta[..., 1] + self.bend * theta[..., 0] ** 2], dim=-1)
        return torch.distributions.Normal(mean, self.sd).log_prob(x).sum(dim=-1)


def assert_within_nats(result, mean, sd, nats):
    """Means and sds of a normal approximation as near as its divergence from a normal posterior allows.

    KL(q|p) = ½ (Δ² + s² - 1 - log s²) in units of p's sd, so |Δ| ≤ √(2 KL) and |s - 1| ≤ √KL to first order; the draws'
    standard errors come on top.
    """
    count = len(result)
    assert (abs(result.mean - mean) < sd * ((2.0 * nats) ** 0.5 + ALPHA_Z / count**0.5)).all(), (result.mean, mean)
    assert (abs(result.sd / sd - 1.0) < nats**0.5 + ALPHA_Z / (2.0 * count) ** 0.5).all(), (result.sd, sd)


class OnlyScore:
    """A score estimator: no likelihood."""

    def score(self, x):
        return x


def truncated_normal_moments(mean, sd, low, high):
    """Mean and sd of N(mean, sd²) restricted to (low, high)."""
    from scipy.stats import truncnorm

    law = truncnorm((low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)
    return float(law.mean()), float(law.std())
