"""Find the sites whose values a script gives itself: with ``pyro.condition``, or with ``obs=``.

A value that depends on θ is θ and is kept as given, and so is a constant that ``pyro.condition`` gives a site whose law
stands still. Every other given value is data: the site is x and is drawn.
"""

import torch
from pyro.poutine.condition_messenger import ConditionMessenger
from pyro.poutine.runtime import _PYRO_STACK
from torch import Tensor

from motherlode.core.types import UserFunction
from motherlode.frontends.pyro.errors import NoDensity
from motherlode.frontends.pyro.layouts.layout import Layout, SiteMessage
from motherlode.frontends.pyro.passes import RecordingPass, call_model
from motherlode.frontends.pyro.sites.density import depends_on, log_density, unmasked

__all__ = ["fixed_sites"]


class _ScriptPass(RecordingPass):
    """Run the script as it stands: draw what it draws, keep what it gives, and write that down."""

    def __init__(self, layout: Layout, theta: Tensor, seed: int) -> None:
        super().__init__(layout, theta, layout.source(seed, 0, len(theta)), density=False)
        self.values: dict[str, Tensor] = {}
        self.densities: dict[str, Tensor] = {}
        self.conditioned: set[str] = set()

    def _keeps(self, msg: SiteMessage) -> bool:
        if msg["value"] is None:
            return False
        name, value = msg["name"], torch.as_tensor(msg["value"])
        self.values[name] = value
        self.densities[name] = log_density(unmasked(msg["fn"], None)[0], value)
        if any(isinstance(frame, ConditionMessenger) and name in frame.data for frame in _PYRO_STACK):
            self.conditioned.add(name)
        return True

    def follows_theta(self, name: str) -> bool:
        """Return whether autograd sees that a given value depends on θ."""
        return depends_on(self.values[name], self.theta)


def fixed_sites(model: UserFunction, layout: Layout, theta: Tensor) -> frozenset[str]:
    """Return the names of the sites whose values the script gives and that are not data.

    Parameters
    ----------
    model, layout
        The Pyro model and how it is called.
    theta
        Where to try, shape (n, D).

    Raises
    ------
    NoDensity
        If a value that is given to a site depends on draws.
    """
    size = 1 if layout.batching == "single" else len(theta)
    here, there = theta[:size], theta.flip(0)[:size]
    first = _run(model, layout, here, 0)
    if not first.values:
        return frozenset()
    again, moved, redrawn = (_run(model, layout, *point) for point in ((here, 0), (there, 0), (here, 1)))
    fixed = {name for name in first.values if _is_fixed(name, first, again, moved, redrawn)}
    return frozenset(fixed)


def _run(model: UserFunction, layout: Layout, theta: Tensor, seed: int) -> _ScriptPass:
    script = _ScriptPass(layout, theta.clone().requires_grad_(), seed)
    call_model(model, script)
    return script


def _is_fixed(name: str, first: _ScriptPass, again: _ScriptPass, moved: _ScriptPass, redrawn: _ScriptPass) -> bool:
    value = first.values[name]
    if not _same(value, again.values.get(name, value)):
        return False
    if not _same(value, redrawn.values.get(name, value)):
        remedy = "Use pyro.deterministic for a value that is computed from draws; obs= is for data, or for theta."
        raise NoDensity(name, "is given a value that depends on draws", remedy)
    if first.follows_theta(name) or not _same(value, moved.values.get(name, value)):
        return True
    if name not in first.conditioned or name in first.layout.observed:
        return False
    return bool(first.layout.observed) or _stands_still(name, first, moved, redrawn)


def _stands_still(name: str, first: _ScriptPass, *others: _ScriptPass) -> bool:
    """Return whether a site's law depends neither on θ nor on draws, as far as the density of its value tells."""
    density = first.densities[name]
    same = all(_same(density, other.densities.get(name, density)) for other in others)
    return same and not depends_on(density, first.theta)


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool(
        torch.equal(a.isnan(), b.isnan()) and torch.equal(a.nan_to_num(), b.nan_to_num())
    )
