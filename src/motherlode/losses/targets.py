"""Say which estimator a loss trains, by its type, and build the default one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from motherlode.core.types import Array
from motherlode.estimators.base import Estimator
from motherlode.estimators.batches import ColumnsOfEvents
from motherlode.estimators.kinds.likelihood import LikelihoodEstimator
from motherlode.estimators.kinds.posterior import PosteriorEstimator
from motherlode.estimators.kinds.ratio import RatioEstimator
from motherlode.estimators.kinds.score import ScoreEstimator

__all__ = ["LIKELIHOOD", "MARGINAL_RATIO", "PARAMETER_RATIO", "POSTERIOR", "RATIO", "SCORE", "Box", "E", "Target"]

E = TypeVar("E", bound=Estimator)
"""The estimator that a loss trains."""

Box: TypeAlias = Callable[[], tuple[Array, Array]]
"""Gives low and high of each parameter, shape ``(D,)``, where an estimator asks for them."""


@dataclass(frozen=True)
class Target(Generic[E]):
    """A type of estimator and, of a ratio, its denominator.

    Attributes
    ----------
    estimator
        The type.
    build
        Makes the untrained default from the columns of events and the box of θ.
    marginal
        Whether the denominator is the marginal p(x); None where both will do, or the estimator is no ratio.
    """

    estimator: type[E]
    build: Callable[[ColumnsOfEvents, Box], E]
    marginal: bool | None = None

    def suits(self, estimator: Estimator) -> bool:
        """Say whether an estimator is of this type and has this denominator."""
        return isinstance(estimator, self.estimator) and self.marginal in (None, estimator.marginal)

    def __str__(self) -> str:
        denominators = {None: "", True: " against the marginal", False: " against another parameter"}
        return f"{self.estimator.__name__}{denominators[self.marginal]}"


def _bounded(events: ColumnsOfEvents, box: Box) -> PosteriorEstimator:
    low, high = box()
    return PosteriorEstimator.for_events(events, low=low.tolist(), high=high.tolist())


RATIO = Target(RatioEstimator, lambda events, _: RatioEstimator.for_events(events))
"""A ratio, whatever its denominator."""

PARAMETER_RATIO = Target(RatioEstimator, lambda events, _: RatioEstimator.for_events(events), marginal=False)
"""A ratio against another parameter: the loss leaves a function of x open, which the marginal would fix."""

MARGINAL_RATIO = Target(
    RatioEstimator, lambda events, _: RatioEstimator.for_events(events, reference="marginal"), marginal=True
)
"""A ratio against the marginal p(x)."""

LIKELIHOOD = Target(LikelihoodEstimator, lambda events, _: LikelihoodEstimator.for_events(events))
"""A density in x."""

POSTERIOR = Target(PosteriorEstimator, _bounded)
"""A density in θ."""

SCORE = Target(ScoreEstimator, lambda events, _: ScoreEstimator.for_events(events))
"""A score at one reference point."""
