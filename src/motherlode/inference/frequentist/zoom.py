"""Scan again, on a finer grid, around a region that holds few grid points.

Every point outside the box that is scanned again has been excluded by the scan before.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from motherlode.core.types import Array
from motherlode.inference.frequentist.grids import Box
from motherlode.inference.frequentist.regions import Region

__all__ = ["finer_axes", "next_box", "zoom"]


_SMALL = 1 / 3
_FEW = 5


def zoom(scan: Callable[[Box], Region], bounds: Box, levels: Sequence[float], times: int = 4) -> Region:
    """Scan the bounds, then smaller boxes around what was found, until nothing is gained.

    Parameters
    ----------
    scan
        Returns the region in a box.
    bounds
        ``(low, high)`` of each parameter by name, where the first scan goes.
    levels
        Confidence levels that will be asked of the region.
    times
        Most scans after the first; 0 for none.
    """
    region = scan(bounds)
    for _ in range(times):
        box = next_box(region, levels)
        if box is None:
            break
        region = scan(box)
    return region


def next_box(region: Region, levels: Sequence[float]) -> Box | None:
    """Return the box that deserves another scan, or None.

    It is the hull of the widest region, one grid step wider on each side, if it fills less than a third of an axis. In
    one parameter it also is if fewer than five points lie in the narrowest region. Where no point lies in the widest
    region, it is the grid steps around the best fit.

    Parameters
    ----------
    region
        Of the scan before.
    levels
        Confidence levels that will be asked of it.
    """
    axes = region.grid.axes
    if not region.contains(max(levels)).any():
        return {name: _neighbours(axes[name], at) for name, at in zip(axes, region.best, strict=True)}
    box = region.hull(max(levels), margin=1)
    share = min((high - low) / (axes[name][-1] - axes[name][0]) for name, (low, high) in box.items())
    is_coarse = len(axes) == 1 and region.contains(min(levels)).sum() < _FEW
    return box if share < (1.0 if is_coarse else _SMALL) else None


def finer_axes(bounds: Box, box: Box, points: int) -> Mapping[str, Array]:
    """Return the values of two even grids in one, by name: over the bounds, and over a box inside them.

    A best fit found on them competes with all of the first grid, so a scan of the box tests what the first one did.
    """
    return {
        name: np.unique(np.concatenate([np.linspace(*bounds[name], points), np.linspace(*box[name], points)]))
        for name in bounds
    }


def _neighbours(axis: Array, value: float) -> tuple[float, float]:
    """Return the grid values on either side of the one nearest to a value."""
    nearest = int(abs(axis - value).argmin())
    return float(axis[max(nearest - 1, 0)]), float(axis[min(nearest + 1, len(axis) - 1)])
