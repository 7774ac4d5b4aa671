"""Say in words what an estimator was trained on, how well, and where it may be used."""

from typing import Any

from torch import Tensor

from motherlode.estimators.errors import NotTrained

__all__ = ["card"]

_SIDES = 8


def card(estimator: Any) -> str:
    """Return the card of a trained estimator.

    Raises
    ------
    NotTrained
        If it has no training record.
    """
    record = estimator.record
    if record is None:
        raise NotTrained(type(estimator).__name__)
    alpha = "" if record.alpha is None else f", score weight {record.alpha:.3g}"
    origin = ", ".join(f"{name} {value}" for name, value in record.origin.items() if name != "proposal")
    calibration = ", ".join(f"{name} {value}" for name, value in record.calibration.items()) or "none recorded"
    weights = sum(weight.numel() for weight in estimator.parameters())
    members = len(getattr(estimator, "members", ()))
    return "\n".join(
        [
            f"{type(estimator).__name__} of {estimator.parameters_count} parameter(s), x of shape {estimator.shape}, "
            f"{weights} weights" + (f" in {members} members, of whom the first was" if members else ""),
            f"trained by   {record.loss}{alpha}, seed {record.seed}, {record.steps} steps in {record.seconds:.1f} s",
            f"trained on   {record.events} events, {record.validation_events} held out ({origin})",
            f"validation   {record.validation_loss:.6g} at step {record.best_step}",
            f"calibration  {calibration}",
            f"range of θ   {_box(estimator.theta_low, estimator.theta_high)}",
            f"range of x   {_box(estimator.x_low, estimator.x_high)}",
        ]
    )


def _box(low: Tensor, high: Tensor) -> str:
    sides = [f"[{a:.6g}, {b:.6g}]" for a, b in zip(low.flatten().tolist(), high.flatten().tolist(), strict=True)]
    if len(sides) > _SIDES:
        return f"{len(sides)} columns between {float(low.min()):.6g} and {float(high.max()):.6g}"
    return " × ".join(sides)
