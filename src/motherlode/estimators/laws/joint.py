"""Make one torch distribution of the factors of a law, whatever library wrote them."""

from collections.abc import Sequence

import numpy as np
import pyro
import torch
from torch import Tensor
from torch.distributions import Distribution, ExpTransform, Independent, Normal, TransformedDistribution, Uniform
from torch.distributions.constraints import Constraint
from torch.distributions.transforms import CumulativeDistributionTransform

from motherlode.core.types import Foreign
from motherlode.estimators.laws.supports import box_constraint, box_of
from motherlode.estimators.laws.torch_law import TorchLaw
from motherlode.laws import Factor
from motherlode.laws.table import NamedLaw

__all__ = ["Joint", "distribution_of", "joint"]


def distribution_of(factor: Factor) -> Distribution:
    """Return a factor as a distribution with event shape ``(n,)``: the one it was made of, or the table's, float64."""
    if isinstance(factor, TorchLaw):
        return factor.distribution
    if isinstance(factor, NamedLaw):
        return Independent(_of_table(factor), 1, validate_args=False)
    return _OfArrays(factor)


def joint(factors: Sequence[Factor]) -> Distribution:
    """Return the distribution of the factors side by side, with event shape ``(D,)``."""
    parts = [distribution_of(factor) for factor in factors]
    return parts[0] if len(parts) == 1 else Joint(parts)


class Joint(Distribution):
    """Independent vectors side by side as one vector.

    Parameters
    ----------
    parts
        Distributions with event shapes ``(n,)``.
    """

    def __init__(self, parts: Sequence[Distribution]) -> None:
        self.parts = tuple(parts)
        self._sizes = [int(part.event_shape[0]) for part in parts]
        super().__init__(torch.Size(), torch.Size([sum(self._sizes)]), validate_args=False)

    @property
    def support(self) -> Constraint:
        """Where every part has density."""
        boxes = [torch.stack(box_of(part)) for part in self.parts]
        low, high = torch.cat(boxes, dim=-1)
        return box_constraint(low, high, 1)

    def sample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return draws with shape ``(*sample_shape, D)``, float64."""
        return torch.cat([part.sample(sample_shape).to(torch.float64) for part in self.parts], dim=-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-density with shape ``(*B,)``."""
        values = torch.split(value, self._sizes, dim=-1)
        return torch.stack([part.log_prob(own) for part, own in zip(self.parts, values, strict=True)]).sum(0)


def _of_table(law: NamedLaw) -> Distribution:
    """Return a law of the table with batch shape ``(1,)``."""
    given = [torch.tensor([value], dtype=torch.float64) for value in law.arguments]
    if law.name == "log_uniform":
        base = Uniform(given[0].log(), given[1].log(), validate_args=False)
        return TransformedDistribution(base, [ExpTransform()], validate_args=False)
    if law.name == "truncated_normal":
        mean, stddev, low, high = given
        normal: Foreign = Normal(mean, stddev, validate_args=False)
        share = Uniform(normal.cdf(low), normal.cdf(high), validate_args=False)
        return TransformedDistribution(share, [CumulativeDistributionTransform(normal).inv], validate_args=False)
    kinds: dict[str, Foreign] = {
        "uniform": Uniform,
        "normal": Normal,
        "log_normal": torch.distributions.LogNormal,
        "beta": torch.distributions.Beta,
        "gamma": torch.distributions.Gamma,
        "exponential": torch.distributions.Exponential,
        "delta": pyro.distributions.Delta,
    }
    made: Distribution = kinds[law.name](*given, validate_args=False)
    return made


class _OfArrays(Distribution):
    """A law that NumPy and scipy compute, whose gradient is its score."""

    def __init__(self, factor: Factor) -> None:
        self.factor = factor
        super().__init__(torch.Size(), torch.Size([factor.size]), validate_args=False)

    @property
    def support(self) -> Constraint:
        return box_constraint(torch.from_numpy(self.factor.low), torch.from_numpy(self.factor.high), 1)

    def sample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        seed = int(torch.randint(2**62, ()))
        draws = self.factor.sample(torch.Size(sample_shape).numel(), seed)
        return torch.from_numpy(draws).reshape(*sample_shape, self.factor.size)

    def log_prob(self, value: Tensor) -> Tensor:
        density: Foreign = _Density
        value_of: Tensor = density.apply(value, self.factor)
        return value_of


class _Density(torch.autograd.Function):
    """Log-density of arrays with its score as gradient."""

    @staticmethod
    def forward(ctx: Foreign, value: Tensor, factor: Factor) -> Tensor:
        theta = value.detach().cpu().to(torch.float64).numpy()
        ctx.save_for_backward(torch.from_numpy(np.nan_to_num(factor.score(theta))))
        return torch.from_numpy(np.asarray(factor.log_prob(theta)))

    @staticmethod
    def backward(ctx: Foreign, slope: Tensor) -> tuple[Tensor, None]:
        (score,) = ctx.saved_tensors
        return slope.unsqueeze(-1) * score, None
