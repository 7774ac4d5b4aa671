"""Keep what one pass saw at one sample site, and take some of its events."""

from dataclasses import dataclass

from torch import Tensor
from torch.distributions import Distribution

from motherlode.frontends.pyro.sites.precision import has_single

__all__ = ["Visit"]


@dataclass(slots=True)
class Visit:
    """Keep one sample site of one pass.

    Attributes
    ----------
    name
        The site's name.
    fn
        Its distribution, without masks.
    value
        What was drawn, detached.
    position
        Event axis of the value, from the left; None in a single run.
    density
        log p(value) with the batch shape of `fn`, masked lanes 0; None where it was not asked for.
    mask
        Lanes that count; None for all.
    observed
        Whether the model gave data for it (``obs=``) or it was named as x.
    """

    name: str
    fn: Distribution
    value: Tensor
    position: int | None
    density: Tensor | None
    mask: Tensor | None
    observed: bool

    @property
    def is_single(self) -> bool:
        """Whether a parameter of the distribution was computed with less than 64 bits."""
        return has_single(self.fn)

    def rows(self, rows: Tensor) -> "Visit":
        """Return the given events of the recorded site."""
        if self.position is None:
            return self
        value = self.value.index_select(self.position, rows)
        mask = None if self.mask is None else self.mask.index_select(self.position, rows)
        return Visit(self.name, self.fn, value, self.position, None, mask, self.observed)

    def alone(self, row: int, shape: "Visit") -> "Visit":
        """Return one event of the recorded site, shaped as in `shape`, a run of the model for one event."""
        if self.position is None:
            return self
        value = self.value.select(self.position, row).reshape(shape.value.shape)
        mask = None if self.mask is None else self.mask.select(self.position, row).reshape(shape.fn.batch_shape)
        return Visit(self.name, self.fn, value, None, None, mask, self.observed)
