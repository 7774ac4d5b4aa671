r"""A ratio estimator behind monotone corrections that make its probabilities frequencies.

.. math:: \log \hat r_{cal} = ½\,[m_{θ_0}(\log \hat r) - m_{θ_1}(-\log \hat r)], \qquad
   σ(-m_θ(l)) \approx \mathbb E[s(x,z)\,|\,\log \hat r = l, θ]
"""

from collections.abc import Callable, Sequence
from typing import Self

import torch
from torch import Tensor, nn

from motherlode.core.types import JSON, Array
from motherlode.estimators.archive import Blueprint
from motherlode.estimators.arrays import broadcast_shapes, gradient_at
from motherlode.estimators.kinds.ratio import AmortizedRatio
from motherlode.estimators.saving import build

__all__ = ["Calibrated"]


class Calibrated(AmortizedRatio):
    """A ratio estimator behind monotone corrections; made by :func:`motherlode.training.calibrate`.

    Parameters
    ----------
    estimator
        The ratio estimator.
    anchors
        Centres of the cells of θ, shape ``(C, D)``.
    inputs, outputs
        Knots of each correction, shape ``(C, K)``.
    """

    anchors: Tensor
    inputs: Tensor
    outputs: Tensor

    def __init__(
        self,
        estimator: AmortizedRatio,
        anchors: Sequence[Sequence[float]],
        inputs: Sequence[Sequence[float]],
        outputs: Sequence[Sequence[float]],
    ) -> None:
        tables = {"anchors": anchors, "inputs": inputs, "outputs": outputs}
        rows: dict[str, JSON] = {name: [[*row] for row in values] for name, values in tables.items()}
        super().__init__(
            estimator.parameters_count, estimator.shape, {"estimator": estimator.blueprint.to_json(), **rows}
        )
        self.estimator: AmortizedRatio = estimator
        self.marginal = estimator.marginal
        for name, values in tables.items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))
        self.to(estimator.device).cover([estimator])
        self.eval()

    @classmethod
    def from_configuration(cls, configuration: dict[str, JSON], embedding: nn.Module | None = None) -> Self:
        """Return what was saved, around an estimator that is built anew; an embedding is the estimator's."""
        make: Callable[..., Self] = cls
        tables = {name: configuration[name] for name in ("anchors", "inputs", "outputs")}
        return make(build(Blueprint.from_json(configuration["estimator"]), embedding), **tables)

    def default_reference(self) -> Tensor:
        """Return the denominator that is taken where none is given, shape ``(D,)``."""
        return self.estimator.default_reference()

    def _log_ratio(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor:
        raw = self.estimator.log_ratio(theta, x, theta_reference)
        forward = self._correct(raw, theta)
        if self.marginal:
            return forward
        denominator = self.default_reference() if theta_reference is None else theta_reference
        return 0.5 * (forward - self._correct(-raw, denominator))

    def _potential(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return log r̂ against the default reference.

        Where the correction is no shift, differences of it are not ``log_ratio`` against other references.
        """
        return self._log_ratio(theta, x)

    def _score(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the gradient of the corrected log r̂, which steps where the correction has a knot."""
        self.estimator.warn_outside(theta)
        batch = broadcast_shapes(self.theta_batch(theta), self.x_batch(x))
        return gradient_at(lambda leaf: self._log_ratio(leaf, x), theta, batch)

    def correct_rows(self, log_ratio: Array, theta: Array) -> Array:
        """Return m_θ(log r̂) with shape ``(N,)`` for arrays of log-ratios ``(N,)`` and parameters ``(N, D)``."""
        raw, points = (torch.as_tensor(values, device=self.device) for values in (log_ratio, theta))
        result: Array = self._correct(raw, points).cpu().numpy()
        return result

    def _correct(self, log_ratio: Tensor, theta: Tensor) -> Tensor:
        values = torch.stack(
            [_interpolate(log_ratio, a, b) for a, b in zip(self.inputs, self.outputs, strict=True)], -1
        )
        if len(self.anchors) == 1:
            return values.squeeze(-1)
        spread = self.anchors.std(0).clamp_min(1e-12)
        distance = ((theta.unsqueeze(-2) - self.anchors) / spread).square().sum(-1)
        weight = (-distance * len(self.anchors)).softmax(-1)
        return (values * weight).sum(-1)


def _interpolate(value: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
    right = torch.searchsorted(inputs, value.detach().contiguous()).clamp(1, len(inputs) - 1)
    low, high = inputs[right - 1], inputs[right]
    share = torch.where(high > low, (value - low) / (high - low).clamp_min(1e-12), torch.zeros_like(value))
    inside = outputs[right - 1] + share.clamp(0.0, 1.0) * (outputs[right] - outputs[right - 1])
    beyond = torch.where(value > inputs[-1], value - inputs[-1], torch.zeros_like(value))
    below = torch.where(value < inputs[0], value - inputs[0], torch.zeros_like(value))
    return inside + beyond + below
