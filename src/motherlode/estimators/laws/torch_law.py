"""A distribution of torch, Pyro or zuko as a factor of a law: float64 arrays in and out, seeded, on one thread."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution, Independent

from motherlode.core.types import JSON, Array, Bools, Foreign
from motherlode.estimators.laws.encoding import decode, encode
from motherlode.estimators.laws.supports import Inside, box_of
from motherlode.estimators.randomness import seeded
from motherlode.laws import Law, LawError
from motherlode.laws.table import NamedLaw, open_unit

__all__ = ["InDouble", "TorchLaw", "as_factor"]

_PARTS = ("base_dist", "_component_distribution", "_mixture_distribution")
_CHECKED = 16
_IN_TABLE = {
    "Uniform": ("uniform", "low", "high"),
    "Normal": ("normal", "loc", "scale"),
    "LogNormal": ("log_normal", "loc", "scale"),
    "Beta": ("beta", "concentration1", "concentration0"),
    "Gamma": ("gamma", "concentration", "rate"),
    "Exponential": ("exponential", "rate"),
    "Delta": ("delta", "v"),
}


class InDouble(Distribution):
    """A distribution whose networks compute in another precision, seen in float64.

    Parameters
    ----------
    inner
        The distribution.
    dtype
        What it computes in.
    """

    def __init__(self, inner: Distribution, dtype: torch.dtype) -> None:
        self.inner, self.dtype = inner, dtype
        super().__init__(inner.batch_shape, inner.event_shape, validate_args=False)

    @property
    def support(self) -> Foreign:
        """The support of the distribution."""
        return self.inner.support

    def sample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return draws with shape ``(*sample_shape, n)``, float64."""
        return self.inner.sample(torch.Size(sample_shape)).to(torch.float64)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log-density with shape ``(*B,)``, float64."""
        density: Tensor = self.inner.log_prob(value.to(self.dtype))
        return density.to(torch.float64)


@dataclass(frozen=True, eq=False)
class TorchLaw:
    """A distribution over one vector.

    Attributes
    ----------
    distribution
        With event shape ``(n,)`` and no batch shape; it takes float64 and does not check its arguments.
    table
        The same law made of laws of the table, where its components have names there.
    """

    distribution: Distribution
    table: Law | None

    def __str__(self) -> str:
        return str(self.distribution)

    @property
    def size(self) -> int:
        """Number n of components."""
        return int(self.distribution.event_shape[0])

    @property
    def factorizes(self) -> bool:
        """Whether the components are independent and have quantiles."""
        return self.table is not None or _quantiles(self.distribution, torch.full((self.size,), 0.5)) is not None

    @property
    def low(self) -> Array:
        """Lower ends of the support, shape ``(n,)``."""
        return self.table.support.low if self.table is not None else box_of(self.distribution)[0].numpy().copy()

    @property
    def high(self) -> Array:
        """Upper ends of the support, shape ``(n,)``."""
        return self.table.support.high if self.table is not None else box_of(self.distribution)[1].numpy().copy()

    def contains(self, theta: Array) -> Bools:
        """Return whether theta ``(*B, n)`` lies in the support, with shape ``(*B,)``."""
        if self.table is not None:
            return self.table.support.contains(theta)
        found: Bools = Inside(self.distribution)(torch.tensor(theta)).numpy()
        return found

    def quantile(self, unit: Array) -> Array:
        """Return the quantiles at unit ``(*B, n)``.

        Raises
        ------
        LawError
            If it has none.
        """
        if self.table is not None:
            return self.table.quantile(unit)
        found = _quantiles(self.distribution, torch.from_numpy(open_unit(unit)))
        if found is None:
            raise LawError(f"{type(self.distribution).__name__} has no quantiles of single components.")
        return _array(found)

    def sample(self, count: int, seed: int) -> Array:
        """Return draws with shape ``(count, n)``; torch's generators are left as they were."""
        with seeded(seed, on_one_thread=True), torch.no_grad():
            return _array(self.distribution.sample(torch.Size([count])))

    def log_prob(self, theta: Array) -> Array:
        """Return the log-density with shape ``(*B,)``; -inf outside the support."""
        if self.table is not None:
            return self.table.log_prob(theta)
        found = self.contains(theta)
        with torch.no_grad():
            value = self.distribution.log_prob(self._moved_inside(theta, found))
        return np.where(found, _array(value), -np.inf)

    def score(self, theta: Array) -> Array:
        """Return the gradient of the log-density by autograd; NaN outside the support."""
        if self.table is not None:
            return self.table.score(theta)
        found = self.contains(theta)
        leaf = self._moved_inside(theta, found).requires_grad_(True)
        value = self.distribution.log_prob(leaf).sum()
        slope = torch.autograd.grad(value, leaf)[0] if value.requires_grad else torch.zeros_like(leaf)
        return np.where(found[..., None], _array(slope), np.nan)

    def to_json(self) -> list[JSON]:
        """Return the laws of the table, where it is made of them, else the constructor's arguments.

        Raises
        ------
        LawError
            If it cannot be rebuilt from them.
        """
        if self.table is not None:
            return [entry for law in self.table.factors for entry in law.to_json()]
        entry = encode(
            told := self.distribution.inner if isinstance(self.distribution, InDouble) else self.distribution
        )
        draws = self.sample(_CHECKED, seed=0)
        rebuilt = as_factor(decode(entry))
        if not np.allclose(rebuilt.log_prob(draws), self.log_prob(draws), rtol=1e-6, atol=1e-6):
            raise LawError(
                f"{type(told).__name__} cannot be rebuilt from its constructor's arguments: another density comes out. "
                "A manifest could not say what was drawn. Write it with distributions and transforms of torch."
            )
        return [entry]

    def _moved_inside(self, theta: Array, found: Bools) -> Tensor:
        """Return theta with one draw in the place of rows outside the support: no density is asked for there."""
        return torch.tensor(theta if found.all() else np.where(found[..., None], theta, self.sample(1, seed=0)[0]))


def as_factor(distribution: Distribution) -> TorchLaw:
    """Return a distribution over one vector as a factor; of numbers, each is a component.

    Raises
    ------
    LawError
        If it is no distribution, has more dimensions, is discrete, cannot be drawn from, or has no density at its own
        draws.
    """
    vector = _as_vector(distribution)
    draw = _one_draw(vector)
    try:
        density = vector.log_prob(draw.to(torch.float64))
    except RuntimeError:
        vector = InDouble(vector, draw.dtype)
        density = vector.log_prob(draw.to(torch.float64))
    if not torch.isfinite(density).all():
        raise LawError(
            f"{type(distribution).__name__} has log-density {density.tolist()} at its own draw {draw.tolist()}. "
            "Sampling and density contradict each other. Check its parameters for NaN."
        )
    return TorchLaw(vector, _in_table(vector))


def _as_vector(distribution: Distribution) -> Distribution:
    if not isinstance(distribution, Distribution):
        raise LawError(
            f"{type(distribution).__name__} is no distribution of torch. θ is drawn from a law, and needs its density. "
            "Give a distribution; a flow of zuko becomes one when it is called: flow()."
        )
    shape = (distribution.batch_shape, distribution.event_shape)
    if shape == ((), ()):
        distribution = distribution.expand(torch.Size([1]))
    elif len(shape[0]) + len(shape[1]) != 1:
        raise LawError(
            f"{type(distribution).__name__} has batch shape {tuple(shape[0])} and event shape {tuple(shape[1])}. θ is "
            "one vector, so exactly one dimension is expected. Flatten it, or call .to_event on its batch dimensions."
        )
    if _is_discrete(distribution):
        raise LawError(
            f"{type(distribution).__name__} is discrete. Gradients and bijections exist for continuous parameters "
            "only. Take one law for each of the discrete values, or use inference.abc."
        )
    return _unchecked(Independent(distribution, 1) if len(distribution.batch_shape) == 1 else distribution)


def _is_discrete(distribution: Distribution) -> bool:
    try:
        support = distribution.support
    except NotImplementedError:
        return False
    return support is not None and bool(support.is_discrete)


def _unchecked(distribution: Distribution) -> Distribution:
    """Copy a distribution without argument checks: a sample that rounds onto a bound has density, not an error."""
    distribution = copy.copy(distribution)
    distribution._validate_args = False
    for part in _PARTS:
        inner = getattr(distribution, part, None)
        if isinstance(inner, Distribution):
            setattr(distribution, part, _unchecked(inner))
    return distribution


def _one_draw(distribution: Distribution) -> Tensor:
    try:
        with seeded(0, on_one_thread=True), torch.no_grad():
            return distribution.sample().clone()
    except NotImplementedError as error:
        raise LawError(
            f"{type(distribution).__name__} cannot be sampled: it is improper or unnormalized. A posterior under it "
            "may not exist, and nothing can be drawn. Use a proper law, wide if you know little."
        ) from error
    except (RuntimeError, ValueError) as error:
        raise LawError(
            f"{type(distribution).__name__} fails when it is sampled: {error}. θ and the starts of chains are its "
            "draws. Check its parameters for NaN and signs."
        ) from error


def _in_table(vector: Distribution) -> Law | None:
    """Return the laws of the table that independent numbers are of, or None where one has no name there."""
    base: Foreign = vector.base_dist if isinstance(vector, Independent) else vector
    known = _IN_TABLE.get(type(base).__name__)
    own = type(base).__module__.startswith(("torch.distributions.", "pyro.distributions."))
    if known is None or not own or (base.batch_shape + base.event_shape).numel() != vector.event_shape.numel():
        return None
    if known[0] == "delta" and bool((torch.as_tensor(base.log_density) != 0).any()):
        return None
    rows = torch.stack([_flat(getattr(base, name), vector) for name in known[1:]], dim=1).tolist()
    return Law(tuple(map(str, range(len(rows)))), tuple(NamedLaw(known[0], tuple(row)) for row in rows))


def _flat(argument: Foreign, vector: Distribution) -> Tensor:
    return torch.as_tensor(argument, dtype=torch.float64).detach().expand(vector.event_shape)


def _quantiles(vector: Distribution, unit: Tensor) -> Tensor | None:
    """Return quantiles of independent numbers, or None where torch knows none."""
    if not isinstance(vector, Independent) or vector.base_dist.event_shape != ():
        return None
    try:
        with torch.no_grad():
            quantile: Tensor = vector.base_dist.icdf(unit.to(torch.float64))
    except NotImplementedError:
        return None
    return quantile


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().to(torch.float64).numpy()
    return array
