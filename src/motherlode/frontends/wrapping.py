"""Choose the front end for an object: the signature of a callable decides."""

import inspect
from collections.abc import Sequence

from numpy.typing import ArrayLike

from motherlode.core import Parameters
from motherlode.core.types import UserFunction, UserValue
from motherlode.events import Simulator
from motherlode.frontends.errors import NotWrappable
from motherlode.frontends.libraries import named_modules, names_module

__all__ = ["is_pyprob", "takes_generator", "wrap"]

_PYRO = ("pyro", "torch")
_MODULES = ("random", "numpy.random", "scipy.stats")
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
        Bounds, D numbers each, or one for all. Declare them: probes of the leak check are drawn from this box, and
        difference scores never leave it.
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
        If the object cannot be called, not with θ and a generator, or draws from modules without being a Pyro model.
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
    if takes_generator(simulator, declared.names):
        from motherlode.frontends.python.simulator import PythonSimulator

        _check_call(simulator)
        return PythonSimulator(simulator, declared, **options)
    _check_model(simulator, declared.names)
    from motherlode.frontends.pyro import PyroSimulator

    return PyroSimulator(simulator, declared, **options)


def is_pyprob(simulator: UserValue) -> bool:
    """Return whether an object is a ``pyprob.Model``, without importing pyprob."""
    return any(kind.__module__.partition(".")[0] == "pyprob" for kind in type(simulator).__mro__)


def takes_generator(function: UserFunction, names: Sequence[str] | None = None) -> bool:
    """Return whether a callable is a plain Python simulator and not a Pyro model.

    It is if a required argument is named ``rng``, ``generator``, ``random``, ``random_state`` or
    ``random_generator`` or annotated with a generator class, or if there are two required arguments of which the
    first is ``theta``, or of which one is no parameter in `names` while the code names nothing of Pyro. Everything
    else is a Pyro model: ``model(theta)``, ``model(mu, sigma)``, ``model()``.
    """
    required = _required(function)
    if any(_is_generator(a) for a in _required(function, inspect.Parameter.KEYWORD_ONLY)):
        return True
    if len(required) != 2:
        return False
    known = names is None or {a.name for a in required} <= set(names)
    return required[0].name == "theta" or not (known or names_module(named_modules(function), *_PYRO))


def _required(function: UserFunction, *others: int) -> list[inspect.Parameter]:
    """Return the required arguments that are given by place, and those of other kinds."""
    arguments = inspect.signature(function).parameters.values()
    return [a for a in arguments if a.default is a.empty and (a.kind < a.VAR_POSITIONAL or a.kind in others)]


def _check_call(function: UserFunction) -> None:
    """Refuse a plain function that cannot be called with θ and a generator.

    Raises
    ------
    NotWrappable
        If it needs other arguments too, or takes the generator first.
    """
    name, signature = _name(function), inspect.signature(function)
    required = _required(function)
    if len(required) == 2 and _is_generator(required[0]) and not _is_generator(required[1]):
        raise NotWrappable(
            f"{name}{signature} takes the generator first, but is called with theta first. theta would be drawn from. "
            f"Exchange them: lambda theta, rng: {name}(rng, theta)."
        )
    try:
        signature.bind(None, None)
    except TypeError as error:
        raise NotWrappable(
            f"{name}{signature} cannot be called as {name}(theta, rng): {error}. A simulator gets these two, by place. "
            f"Give the others yourself: functools.partial({name}, n=10), or "
            f"lambda theta, rng: {name}(theta, 10, rng=rng)."
        ) from error


def _check_model(function: UserFunction, names: Sequence[str]) -> None:
    """Refuse what is taken for a Pyro model only because it has no argument for a generator.

    Raises
    ------
    NotWrappable
        If it draws from modules and names nothing of Pyro, or needs arguments that are no parameters.
    """
    name, modules = _name(function), named_modules(function)
    torch = names_module(modules, *_PYRO)
    drawn = [] if torch else [module for module in _MODULES if names_module(modules, module)]
    if drawn:
        listed = ", ".join(f'"{module}"' for module in drawn)
        raise NotWrappable(
            f"{name}{inspect.signature(function)} takes no generator, and its code names {', '.join(drawn)} and "
            "nothing of Pyro. What it draws would not be on record. To keep the code as it is, write "
            f"motherlode.wrap(motherlode.intercept({listed})({name}), …); or give it a second argument `rng` and draw "
            "from that."
        )
    required = [a.name for a in _required(function)]
    if len(required) > 1 and not set(required) <= set(names):
        raise NotWrappable(
            f"{name}{inspect.signature(function)} is neither function(theta, rng) nor a Pyro model of "
            f"{', '.join(names)}. It could not be called. Give what is no parameter yourself, with functools.partial, "
            "and name the generator `rng`."
        )


def _name(function: UserFunction) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _is_generator(argument: inspect.Parameter) -> bool:
    annotation = getattr(argument.annotation, "__name__", str(argument.annotation))
    return argument.name in _GENERATORS or annotation.endswith(("Generator", "Random"))
