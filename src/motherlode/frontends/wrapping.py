"""Choose the front end for an object: the signature of a callable decides."""

import inspect
from collections.abc import Sequence

from numpy.typing import ArrayLike

from motherlode.core import Parameters
from motherlode.core.types import UserFunction, UserValue
from motherlode.events import Simulator
from motherlode.frontends.errors import NotWrappable

__all__ = ["is_pyprob", "takes_generator", "wrap"]

_GENERATORS = ("rng", "generator", "random", "random_state", "random_generator")


def wrap(
    simulator: UserValue,
    parameters: str | Sequence[str] | Parameters = ("theta",),
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    **options: UserValue,
) -> Simulator:
    """Make a simulator of a Python function, a Pyro model or a pyprob model, unchanged.

    Parameters
    ----------
    simulator
        ``function(theta, rng) -> x``, with θ of shape (D,) and `rng` used as a NumPy Generator; a Pyro model; or a
        ``pyprob.Model``. A callable that takes a random generator (see :func:`takes_generator`) is the former.
    parameters
        Names of θ.
    low, high
        Bounds, D numbers each. Declare them: probes of the leak check are drawn from this box, and difference scores
        never leave it.
    **options
        Of the front end, see :class:`motherlode.frontends.python.simulator.PythonSimulator`,
        :class:`motherlode.frontends.pyro.PyroSimulator` and :class:`motherlode.frontends.pyprob.PyprobSimulator`.

    Returns
    -------
    Simulator
        With ``simulate``, ``mine`` and ``check``.

    Raises
    ------
    NotWrappable
        If the object cannot be called.
    ParameterError
        If names or bounds do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import motherlode
    >>> def coin(theta, rng):
    ...     return sum(rng.random() < theta[0] for _ in range(10))
    >>> simulator = motherlode.wrap(coin, "p", low=0.1, high=0.9)
    >>> events = simulator.mine(np.full((5, 1), 0.5), [[0.6]], seed=1)
    >>> heads = events.x
    >>> exact = heads * np.log(0.5 / 0.6) + (10 - heads) * np.log(0.5 / 0.4)
    >>> np.allclose(events.joint_log_ratio[:, 0], exact)
    True
    """
    declared = parameters if isinstance(parameters, Parameters) else Parameters(parameters, low, high)  # type: ignore[arg-type]
    if isinstance(simulator, Simulator):
        raise NotWrappable(
            f"{simulator!r} is a simulator already. Wrapping it twice would record nothing. Use it as is."
        )
    if is_pyprob(simulator):
        from motherlode.frontends.pyprob import PyprobSimulator

        return PyprobSimulator(simulator, declared, **options)
    if not callable(simulator):
        raise NotWrappable(
            f"{type(simulator).__name__} cannot be called. A simulator is function(theta, rng), a Pyro or a pyprob "
            "model; for a program use motherlode.launch, for an endpoint motherlode.connect."
        )
    if takes_generator(simulator):
        from motherlode.frontends.python.simulator import PythonSimulator

        return PythonSimulator(simulator, declared, **options)
    from motherlode.frontends.pyro import PyroSimulator

    return PyroSimulator(simulator, declared, **options)


def is_pyprob(simulator: UserValue) -> bool:
    """Return whether an object is a ``pyprob.Model``, without importing pyprob."""
    return any(kind.__module__.partition(".")[0] == "pyprob" for kind in type(simulator).__mro__)


def takes_generator(function: UserFunction) -> bool:
    """Return whether a callable is a plain Python simulator and not a Pyro model.

    It is if a required argument is named ``rng``, ``generator``, ``random``, ``random_state`` or
    ``random_generator`` or annotated with a generator class, or if there are two required arguments of which the
    first is ``theta``. Everything else is a Pyro model: ``model(theta)``, ``model(mu, sigma)``, ``model()``.
    """
    arguments = inspect.signature(function).parameters.values()
    required = [a for a in arguments if a.default is a.empty and a.kind < a.VAR_POSITIONAL]
    return any(_is_generator(a) for a in required) or (len(required) == 2 and required[0].name == "theta")


def _is_generator(argument: inspect.Parameter) -> bool:
    annotation = getattr(argument.annotation, "__name__", str(argument.annotation))
    return argument.name in _GENERATORS or annotation.endswith(("Generator", "Random"))
