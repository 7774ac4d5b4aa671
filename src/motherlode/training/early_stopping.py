r"""Keep the weights that are best beyond doubt, and among those that cannot be told apart the latest.

.. math:: \bar d_k \le \mathrm{se}(d_k), \qquad d_k = \ell_k - \min_j \ell_j \text{ on the parts of the validation set}

A validation loss is noisy, and with a falling learning rate the later weights are better ones. What is offered are
averages of weights, see :mod:`.optimizer`; benchmarks/best_weights.py measures what the rule still gains over the plain
minimum of their losses.
"""

from typing import TypedDict

import torch
from torch import Tensor, nn

__all__ = ["EarlyStopping", "EarlyStoppingState"]


class EarlyStoppingState(TypedDict):
    """What restores the choice of weights."""

    weights: dict[str, Tensor]
    step: int
    loss: float
    lowest: Tensor | None


class EarlyStopping:
    """The weights to be restored.

    Parameters
    ----------
    estimator
        Whose weights at the start are kept first.

    Attributes
    ----------
    weights, step, loss
        What is kept, the step it was taken at, and its validation loss.
    """

    def __init__(self, estimator: nn.Module) -> None:
        self.weights, self.step, self.loss = _copy(estimator), 0, float("inf")
        self._lowest: Tensor | None = None

    def offer(self, parts: Tensor, step: int, estimator: nn.Module) -> bool:
        """Keep a copy of the weights unless they are clearly worse than the best; say whether they were kept.

        Parameters
        ----------
        parts
            Validation loss of each part, shape ``(P,)``; the parts are the same each time.
        step
            The step they belong to.
        estimator
            Whose weights to copy.
        """
        if self._lowest is None or parts.mean() < self._lowest.mean():
            self._lowest = parts
        if not _not_worse(parts - self._lowest):
            return False
        self.weights, self.step, self.loss = _copy(estimator), step, float(parts.mean())
        return True

    def state(self) -> EarlyStoppingState:
        """Return what restores it."""
        return {"weights": self.weights, "step": self.step, "loss": self.loss, "lowest": self._lowest}

    def restore(self, state: EarlyStoppingState) -> None:
        """Take over a state."""
        self.weights, self.step, self.loss = state["weights"], state["step"], state["loss"]
        self._lowest = state["lowest"]


def _copy(estimator: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in estimator.state_dict().items()}


def _not_worse(difference: Tensor) -> bool:
    if len(difference) == 1:
        return bool(difference <= 0)
    error = difference.std() / torch.tensor(float(len(difference))).sqrt()
    return bool(difference.mean() <= error)
