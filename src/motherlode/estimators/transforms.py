r"""Map each column to the line where it looks most like a Gaussian, with statistics of the training set only.

.. math:: u = (T(v) - μ)/σ, \qquad \log p(v) = \log p(u) + \sum_d \log |T_d'(v_d)| - \log σ_d

T is the identity, a logarithm for positive columns, an arsinh for heavy tails, or a logit for a bounded interval. It
is chosen per column by the likelihood of a Gaussian for T(v), Jacobian included, around a quadratic in the parameters.
"""

from enum import IntEnum
from math import prod

import torch
from torch import Tensor, nn

__all__ = ["ColumnTransforms", "Kind"]

_MANY = 256
_MARGIN = 0.02
_FLOOR = 1e-3
"""Share of the least value in training below which a logarithm is not followed further."""


class Kind(IntEnum):
    """The shapes of T."""

    IDENTITY = 0
    LOG = 1
    ARSINH = 2
    LOGIT = 3


class ColumnTransforms(nn.Module):
    """A monotone map of each column, fixed by data; its buffers stay float64 whatever the net computes in.

    Parameters
    ----------
    shape
        Shape of one value.
    """

    kind: Tensor
    low: Tensor
    high: Tensor
    location: Tensor
    scale: Tensor
    spread: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("kind", torch.zeros(shape, dtype=torch.int64))
        for name, start in (("low", 0.0), ("high", 1.0), ("location", 0.0), ("scale", 1.0), ("spread", 1.0)):
            self.register_buffer(name, torch.full(shape, start, dtype=torch.float64))
        self._kinds: frozenset[int] | None = None

    def fit(
        self,
        values: Tensor,
        given: Tensor | None = None,
        bounds: tuple[Tensor, Tensor] | None = None,
        choose: bool = True,
    ) -> None:
        """Choose the maps and take location and scale.

        Parameters
        ----------
        values
            Shape ``(N, *shape)``.
        given
            Parameters with shape ``(N, C)`` around whose quadratic the columns are compared with a Gaussian.
        bounds
            Low and high with the shape of one value: columns where both are finite are mapped by a logit.
        choose
            Choose maps by the data; else all columns without bounds keep the identity.
        """
        values = values.to(torch.float64)
        self.spread.copy_(_spread(values))
        self.kind.zero_()
        if choose and prod(self.shape) <= _MANY:
            self._choose(values, given)
        if bounds is not None:
            bounded = torch.isfinite(bounds[0]) & torch.isfinite(bounds[1])
            self.low.copy_(torch.where(bounded, bounds[0], self.low))
            self.high.copy_(torch.where(bounded, bounds[1], self.high))
            self.kind.masked_fill_(bounded, int(Kind.LOGIT))
        self._kinds = None
        mapped = self._map(values)
        self.location.copy_(mapped.mean(0))
        self.scale.copy_(_spread(mapped))

    def _choose(self, values: Tensor, given: Tensor | None) -> None:
        center = values.median(0).values
        quartiles = torch.quantile(values[:_SAMPLE], torch.tensor([0.25, 0.75], dtype=torch.float64), dim=0)
        width = quartiles[1] - quartiles[0]
        width = torch.where(width > 0, width, self.spread)
        positive = values.amin(0) > 0
        flat, design = values[:_SAMPLE].reshape(len(values[:_SAMPLE]), -1), _design(given, len(values[:_SAMPLE]))
        plain = _fitness(flat, torch.zeros_like(flat), design)
        scaled = (flat - center.reshape(-1)) / width.reshape(-1)
        heavy = _fitness(scaled.arcsinh(), -0.5 * (1 + scaled.square()).log() - width.reshape(-1).log(), design)
        safe = torch.where(positive.reshape(-1), flat, torch.ones_like(flat))
        logarithm = _fitness(safe.log(), -safe.log(), design)
        logarithm = torch.where(positive.reshape(-1), logarithm, torch.full_like(logarithm, -torch.inf))
        options = torch.stack([plain + _MARGIN, logarithm, heavy])
        self.kind.copy_(options.argmax(0).reshape(self.shape))
        arsinh, floor = self.kind == Kind.ARSINH, _FLOOR * values.amin(0)
        self.low.copy_(torch.where(arsinh, center, torch.where(self.kind == Kind.LOG, floor, torch.zeros_like(center))))
        self.high.copy_(torch.where(arsinh, center + width, torch.ones_like(center)))

    def forward(self, values: Tensor) -> Tensor:
        """Return u in float64 with the shape of ``values``.

        Outside the support it is that of a value next to its edge, so that maps stay monotone; NaN stays NaN.
        """
        return (self._map(values) - self.location) / self.scale

    def log_jacobian(self, values: Tensor) -> Tensor:
        """Return log |du/dv| of each column with the shape of ``values``; -inf outside the support."""
        terms = -self.scale.log().expand_as(values)
        if Kind.LOG in self._present():
            inside = torch.where(values > 0, values, torch.ones_like(values))
            slope = torch.where(values > 0, -inside.log(), torch.full_like(values, -torch.inf))
            terms = torch.where(self.kind == Kind.LOG, terms + slope, terms)
        if Kind.ARSINH in self._present():
            width = self.high - self.low
            slope = -0.5 * (1 + ((values - self.low) / width).square()).log() - width.log()
            terms = torch.where(self.kind == Kind.ARSINH, terms + slope, terms)
        if Kind.LOGIT in self._present():
            terms = torch.where(self.kind == Kind.LOGIT, terms + self._logit_slope(values), terms)
        return terms

    def inverse(self, u: Tensor) -> Tensor:
        """Return the value at u, with its shape."""
        mapped = u.to(torch.float64) * self.scale + self.location
        width, result = self.high - self.low, mapped
        if Kind.LOG in self._present():
            result = torch.where(self.kind == Kind.LOG, mapped.clamp(max=700.0).exp(), result)
        if Kind.ARSINH in self._present():
            result = torch.where(
                self.kind == Kind.ARSINH, self.low + width * mapped.clamp(-700.0, 700.0).sinh(), result
            )
        if Kind.LOGIT in self._present():
            result = torch.where(self.kind == Kind.LOGIT, self.low + width * mapped.sigmoid(), result)
        return result

    def _map(self, values: Tensor) -> Tensor:
        if self._present() == _PLAIN:
            return values
        result = values
        if Kind.LOG in self._present():
            inside = torch.where(self.kind == Kind.LOG, torch.maximum(values, self.low), torch.ones_like(values))
            result = torch.where(self.kind == Kind.LOG, inside.log(), result)
        if Kind.ARSINH in self._present():
            result = torch.where(
                self.kind == Kind.ARSINH, ((values - self.low) / (self.high - self.low)).arcsinh(), result
            )
        if Kind.LOGIT in self._present():
            unit = self._unit(values)
            result = torch.where(self.kind == Kind.LOGIT, unit.log() - (-unit).log1p(), result)
        return result

    def _unit(self, values: Tensor) -> Tensor:
        tiny = torch.finfo(torch.float64).eps
        return ((values - self.low) / (self.high - self.low)).clamp(tiny, 1.0 - tiny)

    def _logit_slope(self, values: Tensor) -> Tensor:
        unit = self._unit(values)
        inside = (values >= self.low) & (values <= self.high)
        slope = -unit.log() - (-unit).log1p() - (self.high - self.low).log()
        return torch.where(inside, slope, torch.full_like(slope, -torch.inf))

    def _present(self) -> frozenset[int]:
        if self._kinds is None:
            self._kinds = frozenset(self.kind.reshape(-1).tolist())
        return self._kinds

    def _load_from_state_dict(self, *arguments: object, **named: object) -> None:
        super()._load_from_state_dict(*arguments, **named)
        self._kinds = None


_SAMPLE = 5000
_PLAIN = frozenset({int(Kind.IDENTITY)})


def _spread(values: Tensor) -> Tensor:
    spread = values.std(0, correction=0)
    return torch.where(spread > 0, spread, torch.ones_like(spread))


def _design(given: Tensor | None, rows: int) -> Tensor:
    ones = torch.ones(rows, 1, dtype=torch.float64)
    if given is None or given.shape[1] > 16:
        return ones
    scaled = given[:rows].to(torch.float64)
    scaled = (scaled - scaled.mean(0)) / _spread(scaled)
    products = [scaled[:, i : i + 1] * scaled[:, i:] for i in range(scaled.shape[1])]
    return torch.cat([ones, scaled, *products], dim=1)


def _fitness(mapped: Tensor, log_slope: Tensor, design: Tensor) -> Tensor:
    """Return the mean log-density of a Gaussian whose mean and log-variance are linear in the design, per column."""
    tiny = torch.finfo(torch.float64).tiny
    residual = mapped - design @ torch.linalg.lstsq(design, mapped).solution
    log_square = residual.square().clamp_min(tiny).log()
    log_square = log_square.clamp_min(log_square.mean(0) - 20.0)
    log_variance = design @ torch.linalg.lstsq(design, log_square).solution
    rest = (residual.square() * (-log_variance).exp()).mean(0)
    return -0.5 * (log_variance.mean(0) + rest.clamp_min(tiny).log()) + log_slope.mean(0)
