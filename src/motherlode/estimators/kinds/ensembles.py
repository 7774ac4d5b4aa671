r"""Several trainings of one estimator as one: the mean is better than a member, the spread says how far to trust it.

.. math:: \log \hat r = \frac1M \sum_m \log \hat r_m, \qquad \log \hat p = \log \frac1M \sum_m \hat p_m
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from motherlode.estimators.arrays import accepts_arrays, broadcast_shapes
from motherlode.estimators.base import Estimator
from motherlode.estimators.batches import EventBatch
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.gradients import gradient_at
from motherlode.estimators.kinds.members import refuse_sharing, silent
from motherlode.estimators.protocols import DirectPosterior

__all__ = ["Ensemble"]


class Ensemble(Estimator):
    """An average over trained estimators of one kind; it answers to the methods of that kind.

    ``Ensemble(members)`` returns the subclass for the members' task, so that an ensemble of ratios has ``log_ratio``
    and no ``log_prob``, and inference takes it for what it is. It warns of θ out of range itself, for all members.

    Parameters
    ----------
    members
        Estimators of the same class, parameters and shape of x.
    embedding
        Where they are to be built with an embedding of your own, as from a file: an instance of it, which is copied.

    Raises
    ------
    UnsuitableEstimator
        If there is none, they differ, or two are one object or train the same weights.
    """

    members: nn.ModuleList

    def __new__(
        cls, members: Sequence[Any] | Sequence[dict[str, Any]], embedding: nn.Module | None = None, **_: Any
    ) -> Any:
        """Return an instance of the subclass for the members' task."""
        return super().__new__(_KINDS[_task(members, embedding)] if cls is Ensemble else cls)

    def __init__(
        self, members: Sequence[Any] | Sequence[dict[str, Any]], embedding: nn.Module | None = None, **_: Any
    ) -> None:
        built = [_member(member, embedding) for member in members]
        first = built[0]
        if any(
            (type(m), m.parameters_count, m.shape) != (type(first), first.parameters_count, first.shape) for m in built
        ):
            raise UnsuitableEstimator(
                f"The members are {[type(member).__name__ for member in built]} of different shapes",
                "Their values cannot be averaged.",
                "Train all members on the same events with the same loss.",
            )
        refuse_sharing(built)
        entries = [{"class": type(member).__name__, "configuration": member.configuration} for member in built]
        super().__init__(first.parameters_count, first.shape, {"members": entries})
        self.members = nn.ModuleList(built)
        self.to(first.device).cover(built)
        self.record = first.record
        self.eval()

    def fit_scaling(self, events: EventBatch) -> None:
        """Refuse: members are trained one by one.

        Raises
        ------
        UnsuitableEstimator
            Always.
        """
        raise UnsuitableEstimator(
            "An Ensemble was given to train",
            "Its members would share one loss.",
            "Call motherlode.training.train_ensemble(events, loss).",
        )

    def _each(self, function: Callable[[Any], Tensor], theta: Tensor | None = None) -> Tensor:
        if theta is not None:
            self.warn_outside(theta)
        with silent(self.members):
            return torch.stack([function(member) for member in self.members])


class RatioEnsemble(Ensemble):
    """The mean log-ratio of several ratio estimators."""

    task: ClassVar[str] = "ratio"

    @property
    def marginal(self) -> bool:
        """Whether the reference of the members is the marginal."""
        return bool(self.members[0].marginal)

    @accepts_arrays
    def potential(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the mean of g(x, θ) over members with shape ``(*B,)``, up to a function of x as theirs."""
        return self._each(lambda member: member.potential(theta, x)).mean(0)

    @accepts_arrays
    def log_ratio(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor:
        """Return the mean of log r̂(x|θ, θ_reference) over members, shape ``(*B,)``.

        Parameters
        ----------
        theta, x
            As of a :class:`~motherlode.estimators.RatioEstimator`.
        theta_reference
            Left out: that of the first member, for all of them.
        """
        return self._log_ratios(theta, x, theta_reference).mean(0)

    @accepts_arrays
    def spread(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor:
        """Return the standard deviation of log r̂ over members, shape ``(*B,)``."""
        return self._log_ratios(theta, x, theta_reference).std(0)

    def default_reference(self) -> Tensor:
        """Return the denominator that is taken where none is given, shape ``(D,)``."""
        first: Any = self.members[0]
        point: Tensor = first.default_reference()
        return point

    def _log_ratios(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None) -> Tensor:
        if theta_reference is None and not self.marginal:
            theta_reference = self.default_reference()
        elif theta_reference is not None:
            self.warn_outside(theta_reference)
        return self._each(lambda member: member.log_ratio(theta, x, theta_reference), theta)

    @accepts_arrays
    def score(self, theta: Tensor, x: Tensor) -> Tensor:
        r"""Return :math:`\nabla_θ \log \hat r(x|θ)` by autograd, shape ``(*B, D)``: the mean of the members' t̂(x|θ)."""
        self.warn_outside(theta)
        batch = broadcast_shapes(self.theta_batch(theta), self.x_batch(x))
        return gradient_at(lambda leaf: self.log_ratio(leaf, x), theta, batch)

    def likelihood(self, theta: Tensor, theta_reference: Tensor | None = None) -> Any:
        """Return a distribution over x for ``pyro.sample("x", …, obs=x)``; it cannot sample."""
        from motherlode.estimators.kinds.distributions import RatioLikelihood

        return RatioLikelihood(self, theta, theta_reference)


class LikelihoodEnsemble(Ensemble):
    """The mixture of several likelihood estimators."""

    task: ClassVar[str] = "likelihood"

    @accepts_arrays
    def log_prob(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return the logarithm of the mean density over members, shape ``(*B,)``."""
        values = self._each(lambda member: member.log_prob(x, theta), theta)
        return values.logsumexp(0) - torch.log(torch.tensor(float(len(values))))

    @accepts_arrays
    def spread(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return the standard deviation of log p̂ over members, shape ``(*B,)``."""
        return self._each(lambda member: member.log_prob(x, theta), theta).std(0)

    @accepts_arrays
    def score(self, theta: Tensor, x: Tensor) -> Tensor:
        r"""Return :math:`\nabla_θ \log \hat p(x|θ) = \sum_m w_m \hat t_m(x|θ)`, shape ``(*B, D)``.

        :math:`w_m = \hat p_m / \sum_k \hat p_k` at θ and x.
        """
        with torch.no_grad():
            weight = self._each(lambda member: member.log_prob(x, theta), theta).softmax(0).unsqueeze(-1)
        scores = self._each(lambda member: member.score(theta, x))
        return torch.where(weight > 0.0, weight * scores, torch.zeros_like(scores)).sum(0)

    def sample(self, theta: Any, shape: Sequence[int] = ()) -> Any:
        """Return draws, each from a random member; shape ``(*shape, *B, *L)``."""
        if not isinstance(theta, Tensor):
            return self.sample(torch.as_tensor(theta, device=self.device).double(), shape).cpu().numpy()
        return _pick(self._each(lambda member: member.sample(theta, shape)), len(self.shape))

    def likelihood(self, theta: Tensor) -> Any:
        """Return the mixture as a Pyro distribution."""
        from motherlode.estimators.kinds.distributions import DensityLikelihood

        return DensityLikelihood(self, theta)


class PosteriorEnsemble(Ensemble, DirectPosterior):
    """The mixture of several posterior estimators."""

    task: ClassVar[str] = "posterior"

    @accepts_arrays
    def log_prob(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the logarithm of the mean density over members, shape ``(*B,)``."""
        values = self._each(lambda member: member.log_prob(theta, x))
        return values.logsumexp(0) - torch.log(torch.tensor(float(len(values))))

    @accepts_arrays
    def spread(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the standard deviation of log q̂ over members, shape ``(*B,)``."""
        return self._each(lambda member: member.log_prob(theta, x)).std(0)

    def sample(self, shape: Sequence[int], x: Any) -> Any:
        """Return draws, each from a random member; shape ``(*shape, *B, D)``."""
        if not isinstance(x, Tensor):
            return self.sample(shape, torch.as_tensor(x, device=self.device).double()).cpu().numpy()
        return _pick(self._each(lambda member: member.sample(shape, x)), 1)


class ScoreEnsemble(Ensemble):
    """The mean score of several score estimators."""

    task: ClassVar[str] = "score"

    @accepts_arrays
    def score(self, x: Tensor) -> Tensor:
        """Return the mean of t̂(x) over members, shape ``(*B, D)``."""
        return self._each(lambda member: member.score(x)).mean(0)

    @accepts_arrays
    def spread(self, x: Tensor) -> Tensor:
        """Return the standard deviation of t̂(x) over members, shape ``(*B, D)``."""
        return self._each(lambda member: member.score(x)).std(0)

    @accepts_arrays
    def sallino(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return the mean SALLINO statistic over members, shape ``(*B,)``."""
        return self._each(lambda member: member.sallino(x, theta)).mean(0)


_KINDS: dict[str, type[Ensemble]] = {
    kind.task: kind for kind in (RatioEnsemble, LikelihoodEnsemble, PosteriorEnsemble, ScoreEnsemble)
}


def _task(members: Sequence[Any], embedding: nn.Module | None) -> str:
    if not members:
        raise UnsuitableEstimator("An Ensemble of no members", "There is nothing to average.", "Pass at least one.")
    return str(_member(members[0], embedding).task)


def _member(member: Any, embedding: nn.Module | None) -> Any:
    if not isinstance(member, dict):
        return member
    from motherlode.estimators.saving import build

    return build(member["class"], member["configuration"], deepcopy(embedding))


def _pick(draws: Tensor, event_dimensions: int) -> Tensor:
    batch = draws.shape[1 : draws.dim() - event_dimensions]
    chosen = torch.randint(len(draws), batch, device=draws.device)
    index = chosen.reshape(1, *batch, *([1] * event_dimensions)).expand(1, *draws.shape[1:])
    return draws.gather(0, index).squeeze(0)
