"""Say in words what an estimator was trained on, how well, and where it may be used."""

from typing import Any

from motherlode.surrogates.errors import NotTrained

__all__ = ["card"]


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
    ranges = zip(estimator.theta_low.tolist(), estimator.theta_high.tolist(), strict=True)
    calibration = ", ".join(f"{name} {value}" for name, value in record.calibration.items()) or "none recorded"
    weights = sum(weight.numel() for weight in estimator.parameters())
    return "\n".join(
        [
            f"{type(estimator).__name__} of {estimator.parameters_count} parameter(s), x of shape {estimator.shape}, "
            f"{weights} weights",
            f"trained by   {record.loss}{alpha}, seed {record.seed}, {record.steps} steps in {record.seconds:.1f} s",
            f"trained on   {record.events} events, {record.validation_events} held out ({origin})",
            f"validation   {record.validation_loss:.6g} at step {record.best_step}",
            f"calibration  {calibration}",
            "range of θ   " + " × ".join(f"[{low:.6g}, {high:.6g}]" for low, high in ranges),
        ]
    )
