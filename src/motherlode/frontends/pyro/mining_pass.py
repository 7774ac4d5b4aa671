"""Mine one run of a Pyro model inside a user's own script."""

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import numpy as np
import pyro
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.distributions import Distribution

from motherlode.core import Parameters
from motherlode.core.types import Array
from motherlode.events import Counts, Events
from motherlode.frontends.pyro.errors import LiveTangent, ThetaUnseen
from motherlode.frontends.pyro.layouts.layout import Layout, SiteMessage
from motherlode.frontends.pyro.passes import Pass
from motherlode.frontends.pyro.shadows import Shadowing, cast_shadows, drop_shadows, shadows_of
from motherlode.frontends.pyro.sites.density import check_density, log_density, masked, moves_with, support_bounds
from motherlode.tracing import LeakError

__all__ = ["MiningPass", "mining"]


class MiningPass(Pass):
    """Collect gold while a Pyro model runs once; made by :func:`mining`.

    Attributes
    ----------
    theta
        θ as the model is to be given it, a tensor of the shape passed to :func:`mining`.
    """

    def __init__(
        self, theta: ArrayLike | Tensor, alternatives: ArrayLike | Tensor | None, parameters: Sequence[str]
    ) -> None:
        given = theta if isinstance(theta, Tensor) else torch.as_tensor(np.asarray(theta, dtype=np.float64))
        others = None if alternatives is None else np.asarray(alternatives, dtype=np.float64)
        rows, alone = _rows(given, others, len(parameters))
        declared = Parameters(tuple(parameters) or tuple(f"theta[{d}]" for d in range(rows.shape[1])))
        self._others = declared.check_alternatives(others, len(rows))
        points = [declared.check(rows), *np.moveaxis(self._others, 1, 0)]
        self._leaves = [torch.tensor(point) for point in points]
        self._leaves[0].requires_grad_()
        style, batching = ("sites" if parameters else "tensor"), ("single" if alone else "rows")
        super().__init__(Layout(declared.names, style, batching, plates=None), self._leaves[0])  # type: ignore[arg-type]
        self.theta = cast_shadows(given, [leaf.reshape(given.shape) for leaf in self._leaves])
        self._totals = [torch.zeros(len(rows), dtype=torch.float64) for _ in points]
        self._bounds: list[Tensor] = []
        self._last: str | None = None
        self._alone, self._touched, self._draws = alone, False, 0
        self._stack = ExitStack()

    @property
    def joint_log_ratio(self) -> Array:
        """Log p(x,z|θ) - log p(x,z|alternative_k), shape (N, K)."""
        here, *there = (total.detach().numpy() for total in self._totals)
        return np.stack([here - other for other in there], 1) if there else np.empty((len(here), 0))

    @property
    def joint_score(self) -> Array:
        """∇θ log p(x,z|θ), shape (N, D); NaN where a support moves with θ."""
        score = torch.zeros_like(self._leaves[0]).detach()
        if self._totals[0].requires_grad:
            (score,) = torch.autograd.grad(self._totals[0].sum(), self._leaves[0], retain_graph=True)
        score[moves_with(self._bounds, self._leaves[0]) | ~score.isfinite().all(1)] = torch.nan
        return score.numpy()

    def events(self, x: ArrayLike | Tensor) -> Events:
        """Return the gold as events with output x, shape (N, *L), or (*L) for a single event.

        Raises
        ------
        LeakError
            If x would have been another one at an alternative with the same draws.
        """
        output = x if isinstance(x, Tensor) else torch.as_tensor(x)
        self._refuse_shadows(self._last, output)
        rows = output.detach().reshape(self.size, *output.shape[0 if self._alone else 1 :])
        points = self._leaves[0].detach().numpy()
        counts = Counts(self._draws)
        return Events(points, self._others, rows.numpy(), self.joint_log_ratio, self.joint_score, counts=counts)

    def __enter__(self) -> Self:
        """Start mining."""
        self._stack.enter_context(pyro.validation_enabled(False))
        self._stack.enter_context(Shadowing(len(self._leaves)))
        super().__enter__()
        if self.layout.style == "sites":
            columns = self.theta.reshape(self.size, -1).unbind(-1)
            self._given = dict(zip(self.layout.names, columns, strict=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._stack.close()
        if kind is None and not self._touched:
            raise ThetaUnseen(self._last)

    def _visit(self, msg: SiteMessage, fn: Distribution, mask: Tensor | None, position: int | None) -> None:
        given = msg["value"] if msg["is_observed"] else None
        self._refuse_shadows(msg["name"], given)
        value = drop_shadows(_draw(fn) if given is None else given)
        density = masked(log_density(fn, value), mask)
        shadows = shadows_of(density) or [density] * len(self._leaves)
        check_density(msg["name"], fn, shadows[0], msg["scale"], self._leaves[0])
        self._touched |= shadows_of(density) is not None
        self._bounds += [shadows[0] for shadows in map(shadows_of, support_bounds(fn)) if shadows]
        self._totals = [a + self.per_event(b, position) for a, b in zip(self._totals, shadows, strict=True)]
        self._last, self._draws = msg["name"], self._draws + value.numel()
        msg["value"] = value

    def _counts_all(self, msg: SiteMessage) -> bool:
        """Return whether the site is a latent: a single run cannot tell whether its masked lanes are used."""
        return not msg["is_observed"]

    def _refuse_shadows(self, address: str | None, output: Tensor | None) -> None:
        here, *there = shadows_of(output) or [torch.zeros(())]
        for k, other in enumerate(there):
            if not torch.equal(here, other):
                moved = (here.detach().numpy(), other.numpy())
                raise LeakError(address, 0, self._leaves[0][0].detach().numpy(), self._others[0, k], *moved)
        if here.requires_grad:
            raise LiveTangent(address, 0, self._leaves[0][0].detach().numpy())


def _draw(fn: Distribution) -> Tensor:
    """Draw as Pyro does, unseen by the shadows."""
    with torch.no_grad(), torch._C.DisableTorchFunction():
        return torch.as_tensor(fn.rsample() if fn.has_rsample else fn.sample())


def _rows(theta: Tensor, alternatives: Array | None, names: int) -> tuple[Array, bool]:
    """Return θ with shape (N, D) and whether it is one event without an axis of its own."""
    values = theta.detach().to(torch.float64).numpy()
    width = names or (1 if alternatives is None or alternatives.size == 0 else alternatives.shape[-1])
    if values.ndim == 2:
        return values, False
    if values.ndim == 1 and width == 1:
        return values[:, None], False
    return values.reshape(1, -1), True


def mining(
    theta: ArrayLike | Tensor, alternatives: ArrayLike | Tensor | None = None, *, parameters: Sequence[str] = ()
) -> MiningPass:
    """Mine a Pyro model that runs once inside a ``with`` block of a script of your own.

    Everything that is computed from θ in the block carries along its values at the alternatives, so one run is enough.
    Draws come from Pyro's own random state. Observed sites keep their data. For checked events in bulk use
    :func:`motherlode.wrap`: a single run cannot be probed, so only outputs given to ``mined.events`` are checked.

    Parameters
    ----------
    theta
        A tensor of shape (N, D), (N,) where D = 1, or (D,) or () for one event. Give the model this very tensor (or
        ``mined.theta``, the same as a tensor) inside the block.
    alternatives
        Shape (N, K, D) or (K, D); none for the score alone.
    parameters
        Names of sample sites that are θ, one a column; then the model needs no argument.

    Returns
    -------
    MiningPass
        A context manager with ``joint_log_ratio`` (N, K), ``joint_score`` (N, D) and ``events(x)``.

    Raises
    ------
    TangentLost
        If θ steers the control flow or leaves torch.
    ThetaUnseen
        On leaving, if no density depended on θ.

    Examples
    --------
    >>> import pyro, torch
    >>> import pyro.distributions as dist
    >>> theta = torch.zeros(3)
    >>> with mining(theta, [[1.0]]) as mined:
    ...     x = pyro.sample("x", dist.Normal(theta, 1.0))
    >>> mined.joint_log_ratio.shape, torch.allclose(torch.tensor(mined.joint_score[:, 0]), x.double())
    ((3, 1), True)
    """
    return MiningPass(theta, alternatives, parameters)
