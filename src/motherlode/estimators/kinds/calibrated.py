r"""A ratio estimator behind monotone corrections that make its probabilities frequencies.

.. math:: \log \hat r_{cal} = ½\,[m_{θ_0}(\log \hat r) - m_{θ_1}(-\log \hat r)], \qquad
   σ(-m_θ(l)) \approx \mathbb E[s(x,z)\,|\,\log \hat r = l, θ]
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motherlode.estimators.arrays import accepts_arrays, broadcast_shapes
from motherlode.estimators.base import Estimator
from motherlode.estimators.gradients import gradient_at

__all__ = ["Calibrated"]

Array = NDArray[np.float64]
_KNOTS = 32
_LARGEST_LABEL = 700.0


class Calibrated(Estimator):
    """A ratio estimator behind monotone corrections; made by :func:`calibrate`.

    Parameters
    ----------
    estimator
        The ratio estimator, or its class and configuration.
    anchors
        Centres of the cells of θ, shape ``(C, D)``.
    inputs, outputs
        Knots of each correction, shape ``(C, K)``.
    embedding
        Where the estimator is to be built with an embedding of your own: an instance of it.
    """

    task: ClassVar[str] = "ratio"
    anchors: Tensor
    inputs: Tensor
    outputs: Tensor

    def __init__(
        self,
        estimator: Any,
        anchors: Sequence[Sequence[float]],
        inputs: Sequence[Sequence[float]],
        outputs: Sequence[Sequence[float]],
        embedding: nn.Module | None = None,
        **_: Any,
    ) -> None:
        if isinstance(estimator, dict):
            from motherlode.estimators.saving import build

            estimator = build(estimator["class"], estimator["configuration"], embedding)
        entry = {"class": type(estimator).__name__, "configuration": estimator.configuration}
        tables = {"anchors": anchors, "inputs": inputs, "outputs": outputs}
        super().__init__(estimator.parameters_count, estimator.shape, {"estimator": entry, **tables})
        self.estimator = estimator
        for name, values in tables.items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))
        self.to(estimator.device).cover([estimator])
        self.eval()

    @property
    def marginal(self) -> bool:
        """Whether the reference is the marginal."""
        return bool(self.estimator.marginal)

    def default_reference(self) -> Tensor:
        """Return the denominator that is taken where none is given, shape ``(D,)``."""
        point: Tensor = self.estimator.default_reference()
        return point

    @accepts_arrays
    def log_ratio(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor:
        """Return the corrected log r̂(x|θ, θ_reference) with shape ``(*B,)``."""
        raw: Tensor = self.estimator.log_ratio(theta, x, theta_reference)
        forward = self._correct(raw, theta)
        if self.marginal:
            return forward
        denominator = self.estimator.default_reference() if theta_reference is None else theta_reference
        return 0.5 * (forward - self._correct(-raw, denominator))

    @accepts_arrays
    def potential(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return log p̂(x|θ) up to a function of x with shape ``(*B,)``: log r̂ against the default reference.

        Where the correction is no shift, differences of it are not ``log_ratio`` against other references.
        """
        value: Tensor = self.log_ratio(theta, x)
        return value

    @accepts_arrays
    def score(self, theta: Tensor, x: Tensor) -> Tensor:
        r"""Return :math:`\nabla_θ \log \hat r_{cal}` against the default reference by autograd, shape ``(*B, D)``.

        It steps where the correction has a knot.
        """
        self.estimator.warn_outside(theta)
        batch = broadcast_shapes(self.theta_batch(theta), self.x_batch(x))
        return gradient_at(lambda leaf: self.log_ratio(leaf, x), theta, batch)

    def likelihood(self, theta: Tensor, theta_reference: Tensor | None = None) -> Any:
        """Return a distribution over x for ``pyro.sample("x", …, obs=x)``; it cannot sample."""
        from motherlode.estimators.kinds.distributions import RatioLikelihood

        return RatioLikelihood(self, theta, theta_reference)

    def correct_rows(self, log_ratio: Array, theta: Array) -> Array:
        """Return m_θ(log r̂) with shape ``(N,)`` for arrays of log-ratios ``(N,)`` and parameters ``(N, D)``."""
        given = (torch.as_tensor(values, device=self.device) for values in (log_ratio, theta))
        result: Array = self._correct(*given).cpu().numpy()
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
