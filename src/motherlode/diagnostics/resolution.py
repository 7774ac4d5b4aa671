"""Can a p-value from simulations be small enough to fail at all."""

import math

__all__ = ["check_resolution"]


def check_resolution(name: str, simulations: int, alpha: float) -> None:
    r"""Refuse fewer simulations than a verdict at :math:`α` needs: their smallest p-value is :math:`1/(n + 1)`.

    Parameters
    ----------
    name
        The argument that sets their number.
    simulations
        Their number n.
    alpha
        Error probability of one test.

    Raises
    ------
    ValueError
        If the smallest p-value exceeds α.
    """
    if (simulations + 1) * alpha < 1.0 - 1e-9:
        needed = math.ceil(1.0 / alpha - 1.0 - 1e-6)
        raise ValueError(
            f"{name}={simulations} gives p-values of 1/{simulations + 1} or more, and the verdict is taken at "
            f"{alpha:.3g}: nothing could ever fail. Pass {name}={needed} or more."
        )
