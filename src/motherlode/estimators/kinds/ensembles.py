r"""Average several trainings of one estimator: the mean is better than a member, the spread says how far to trust it.

.. math:: \log \hat r = \frac1M \sum_m \log \hat r_m, \qquad \log \hat p = \log \frac1M \sum_m \hat p_m
"""

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Self, overload

import torch
from torch import Tensor, nn

from motherlode.core.types import JSON
from motherlode.estimators.archive import Blueprint
from motherlode.estimators.arrays import ArrayOrTensor, broadcast_shapes, gradient_at, on_tensors
from motherlode.estimators.base import Estimator
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.kinds.likelihood import AmortizedLikelihood
from motherlode.estimators.kinds.members import choose_members, evaluate_each, refuse_sharing
from motherlode.estimators.kinds.posterior import AmortizedPosterior
from motherlode.estimators.kinds.ratio import AmortizedRatio
from motherlode.estimators.kinds.score import AmortizedScore
from motherlode.estimators.networks.modules import Modules
from motherlode.estimators.saving import build

__all__ = ["Ensemble", "LikelihoodEnsemble", "PosteriorEnsemble", "RatioEnsemble", "ScoreEnsemble"]


class _Average(Estimator):
    """Members that may be averaged; a class of its own so that type checkers look at ``Ensemble.__new__``."""

    def __init__(self, members: Sequence[Estimator]) -> None:
        first = members[0]
        if any(
            (type(m), m.parameters_count, m.shape) != (type(first), first.parameters_count, first.shape)
            for m in members
        ):
            raise UnsuitableEstimator(
                f"The members are {[type(member).__name__ for member in members]} of different shapes",
                "Their values cannot be averaged.",
                "Train all members on the same events with the same loss.",
            )
        refuse_sharing(members)
        blueprints: list[JSON] = [member.blueprint.to_json() for member in members]
        super().__init__(first.parameters_count, first.shape, {"members": blueprints})
        self.add_module("members", Modules(members))
        self.to(first.device).cover(members)
        self.marginal = first.marginal
        self.record = first.record
        self.eval()


class Ensemble(_Average):
    """An average over trained estimators of one kind; it answers to the methods of that kind.

    ``Ensemble(members)`` returns the subclass for the members' kind, so that an ensemble of ratios has ``log_ratio``
    and no ``log_prob``, and inference takes it for what it is. It warns of θ out of range itself, for all members.

    Parameters
    ----------
    members
        Estimators of the same class, parameters and shape of x.

    Raises
    ------
    UnsuitableEstimator
        If there is none, they differ, or two are one object or train the same weights.

    Examples
    --------
    >>> import numpy as np
    >>> import motherlode
    >>> members = [motherlode.RatioEstimator(parameters=1, shape=(2,)) for _ in range(3)]
    >>> ensemble = Ensemble(members)
    >>> ensemble.log_ratio(np.zeros((5, 1)), np.zeros((5, 2)), np.ones((5, 1))).shape
    (5,)
    """

    @overload
    def __new__(cls, members: Sequence[AmortizedRatio]) -> "RatioEnsemble": ...

    @overload
    def __new__(cls, members: Sequence[AmortizedLikelihood]) -> "LikelihoodEnsemble": ...

    @overload
    def __new__(cls, members: Sequence[AmortizedPosterior]) -> "PosteriorEnsemble": ...

    @overload
    def __new__(cls, members: Sequence[AmortizedScore]) -> "ScoreEnsemble": ...

    @overload
    def __new__(cls, members: Sequence[Estimator]) -> "Ensemble": ...

    def __new__(cls, members: Sequence[Estimator]) -> "Ensemble":
        """Return an instance of the subclass for the members' kind."""
        ensemble: Ensemble = super().__new__(_kind_of(members) if cls is Ensemble else cls)
        return ensemble

    @classmethod
    def from_configuration(cls, configuration: dict[str, JSON], embedding: nn.Module | None = None) -> Self:
        """Return what was saved, of members that are built anew, each with its copy of an embedding."""
        entries = configuration["members"]
        if not isinstance(entries, list):
            raise TypeError(f"{str(entries)[:80]!r} describes no members")
        make: Callable[..., Self] = cls
        return make([build(Blueprint.from_json(entry), deepcopy(embedding)) for entry in entries])

    def _members_in_words(self) -> str:
        return f" in {len(self.members)} members, of whom the first was"


class RatioEnsemble(Ensemble, AmortizedRatio):
    """The mean log-ratio of several ratio estimators."""

    members: Modules[AmortizedRatio]

    def spread(
        self, theta: ArrayOrTensor, x: ArrayOrTensor, theta_reference: ArrayOrTensor | None = None
    ) -> ArrayOrTensor:
        """Return the standard deviation of log r̂ over members, shape ``(*B,)``."""
        return on_tensors(self, lambda *values: self._log_ratios(*values).std(0), theta, x, theta_reference)

    def default_reference(self) -> Tensor:
        """Return the denominator that is taken where none is given, that of the first member, shape ``(D,)``."""
        return self.members[0].default_reference()

    def _potential(self, theta: Tensor, x: Tensor) -> Tensor:
        return evaluate_each(self.members, lambda member: member.potential(theta, x)).mean(0)

    def _log_ratio(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor:
        return self._log_ratios(theta, x, theta_reference).mean(0)

    def _log_ratios(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor:
        if theta_reference is not None:
            self.warn_outside(theta_reference)
        self.warn_outside(theta)
        denominator = self.default_reference() if theta_reference is None and not self.marginal else theta_reference
        return evaluate_each(self.members, lambda member: member.log_ratio(theta, x, denominator))

    def _score(self, theta: Tensor, x: Tensor) -> Tensor:
        self.warn_outside(theta)
        batch = broadcast_shapes(self.theta_batch(theta), self.x_batch(x))
        return gradient_at(lambda leaf: self._log_ratio(leaf, x), theta, batch)


class LikelihoodEnsemble(Ensemble, AmortizedLikelihood):
    """The mixture of several likelihood estimators."""

    members: Modules[AmortizedLikelihood]

    def spread(self, x: ArrayOrTensor, theta: ArrayOrTensor) -> ArrayOrTensor:
        """Return the standard deviation of log p̂ over members, shape ``(*B,)``."""
        return on_tensors(self, lambda *values: self._log_probs(*values).std(0), x, theta)

    def _log_prob(self, x: Tensor, theta: Tensor) -> Tensor:
        return self._log_probs(x, theta).logsumexp(0) - math.log(len(self.members))

    def _log_probs(self, x: Tensor, theta: Tensor) -> Tensor:
        self.warn_outside(theta)
        return evaluate_each(self.members, lambda member: member.log_prob(x, theta))

    def _score(self, theta: Tensor, x: Tensor) -> Tensor:
        r"""Return :math:`\sum_m w_m \hat t_m(x|θ)` with :math:`w_m = \hat p_m / \sum_k \hat p_k` at θ and x."""
        with torch.no_grad():
            weight = self._log_probs(x, theta).softmax(0).unsqueeze(-1)
        scores = evaluate_each(self.members, lambda member: member.score(theta, x))
        return torch.where(weight > 0.0, weight * scores, torch.zeros_like(scores)).sum(0)

    def _sample(self, theta: Tensor, shape: Sequence[int]) -> Tensor:
        draws = evaluate_each(self.members, lambda member: member.sample(theta, shape))
        return choose_members(draws, len(self.shape))


class PosteriorEnsemble(Ensemble, AmortizedPosterior):
    """The mixture of several posterior estimators."""

    members: Modules[AmortizedPosterior]

    def spread(self, theta: ArrayOrTensor, x: ArrayOrTensor) -> ArrayOrTensor:
        """Return the standard deviation of log q̂ over members, shape ``(*B,)``."""
        return on_tensors(self, lambda *values: self._log_probs(*values).std(0), theta, x)

    def _log_prob(self, theta: Tensor, x: Tensor) -> Tensor:
        return self._log_probs(theta, x).logsumexp(0) - math.log(len(self.members))

    def _log_probs(self, theta: Tensor, x: Tensor) -> Tensor:
        return evaluate_each(self.members, lambda member: member.log_prob(theta, x))

    def _sample(self, shape: Sequence[int], x: Tensor) -> Tensor:
        return choose_members(evaluate_each(self.members, lambda member: member.sample(shape, x)), 1)


class ScoreEnsemble(Ensemble, AmortizedScore):
    """The mean score of several score estimators."""

    members: Modules[AmortizedScore]

    def spread(self, x: ArrayOrTensor) -> ArrayOrTensor:
        """Return the standard deviation of t̂(x) over members, shape ``(*B, D)``."""
        return on_tensors(self, lambda outcomes: self._scores(outcomes).std(0), x)

    def _score(self, x: Tensor) -> Tensor:
        return self._scores(x).mean(0)

    def _scores(self, x: Tensor) -> Tensor:
        return evaluate_each(self.members, lambda member: member.score(x))

    def _sallino(self, x: Tensor, theta: Tensor) -> Tensor:
        return evaluate_each(self.members, lambda member: member.sallino(x, theta)).mean(0)


_KINDS: dict[type[Estimator], type[Ensemble]] = {
    AmortizedRatio: RatioEnsemble,
    AmortizedLikelihood: LikelihoodEnsemble,
    AmortizedPosterior: PosteriorEnsemble,
    AmortizedScore: ScoreEnsemble,
}


def _kind_of(members: Sequence[Estimator]) -> type[Ensemble]:
    if not members:
        raise UnsuitableEstimator("An Ensemble of no members", "There is nothing to average.", "Pass at least one.")
    for kind, ensemble in _KINDS.items():
        if isinstance(members[0], kind):
            return ensemble
    raise UnsuitableEstimator(
        f"An Ensemble of {type(members[0]).__name__}",
        "There is no rule to average it.",
        "Pass estimators of a ratio, a likelihood, a posterior or a score.",
    )
