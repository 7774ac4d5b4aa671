"""Decide the learning rate of each step: a climb, a cosine, and zero where training ends."""

import math

__all__ = ["Schedule"]


class Schedule:
    """Warm-up and cosine over a budget of steps, which can be cut short by a straight line to zero.

    Parameters
    ----------
    peak
        Largest learning rate.
    steps
        Budget.
    warm_up
        Share of the budget in which the rate climbs from a 25th of its peak.
    """

    def __init__(self, peak: float, steps: int, warm_up: float) -> None:
        self.peak, self.steps = peak, steps
        self.climb = max(1, round(warm_up * steps))
        self.end = steps
        self.cut: int | None = None

    def rate(self, step: int) -> float:
        """Return the learning rate of step 0 … end - 1."""
        if self.cut is not None and step >= self.cut:
            return self._planned(self.cut) * (self.end - step) / (self.end - self.cut)
        return self._planned(step)

    def cool_down(self, step: int, share: float = 0.1) -> None:
        """From ``step`` on fall in a straight line to zero, within a share of the budget; then training ends."""
        self.cut = step
        self.end = min(self.steps, step + max(1, round(share * self.steps)))

    def _planned(self, step: int) -> float:
        if step < self.climb:
            return self.peak * (0.04 + 0.96 * (step + 1) / self.climb)
        progress = (step - self.climb) / max(1, self.steps - self.climb)
        return self.peak * 0.5 * (1.0 + math.cos(math.pi * progress))
