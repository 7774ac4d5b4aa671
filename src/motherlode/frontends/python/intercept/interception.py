"""Let code that takes no generator be mined: within a scope, module-level randomness is the run's own stream.

``random.gauss()``, ``numpy.random.normal()`` and ``scipy.stats`` distributions' ``rvs`` then draw from the generator of
the run in progress in this thread. The names are replaced while any scope is open and look up the run in a context
variable, so other threads and code outside a run keep their own randomness; they are restored on any exit.
"""

import importlib
import threading
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from types import TracebackType
from typing import Self

import numpy as np

from motherlode.core.types import Array, Foreign, ForeignFunction, Size, UserFunction, UserValue
from motherlode.frontends.errors import NotInstrumented, NotWrappable
from motherlode.frontends.python.frames import BEYOND_LIBRARIES
from motherlode.frontends.python.generator.bare import BareGenerator
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.frontends.python.intercept.translation import RENAMED, SCIPY, STATE
from motherlode.frontends.python.patching import functions_of, replaced

__all__ = ["RUNNING", "RunGenerator", "intercept"]

RunGenerator = TracedGenerator | BareGenerator | np.random.Generator
"""What a run draws from: the handlers' generator, or a bare one."""

RUNNING: ContextVar[RunGenerator | None] = ContextVar("motherlode_running", default=None)
"""The generator of the run in progress in this context; None outside runs."""

_KNOWN = ("random", "numpy.random", "scipy.stats")
_lock = threading.RLock()
_open: dict[str, int] = {}
_replaced: dict[str, ExitStack] = {}


class intercept:  # noqa: N801
    """Replace modules' random functions while entered; or decorate a function of θ alone for ``motherlode.wrap``.

    Parameters
    ----------
    *modules
        Of ``"random"``, ``"numpy.random"`` and ``"scipy.stats"``.

    Raises
    ------
    NotWrappable
        For another module.

    Examples
    --------
    >>> import random
    >>> import motherlode
    >>> @motherlode.intercept("random")
    ... def simulator(theta):
    ...     return random.gauss(theta[0], 1.0)
    >>> events = motherlode.wrap(simulator, ("mu",), -1.0, 1.0).mine([[0.3]], [[0.5]])
    >>> events.joint_log_ratio.shape
    (1, 1)
    """

    def __init__(self, *modules: str) -> None:
        unknown = [module for module in modules if module not in _KNOWN]
        if unknown or not modules:
            raise NotWrappable(
                f"{', '.join(unknown) or 'No module'} cannot be intercepted. Its draws would stay out of the record. "
                f"Name some of {', '.join(_KNOWN)}."
            )
        self.modules = modules

    def __enter__(self) -> Self:
        with _lock:
            for module in self.modules:
                if _open.get(module, 0) == 0:
                    _replaced[module] = _replacing(module)
                _open[module] = _open.get(module, 0) + 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _lock:
            for module in self.modules:
                _open[module] -= 1
                if _open[module] == 0:
                    _replaced.pop(module).close()

    def __call__(self, function: Callable[[Array], UserValue]) -> "Intercepted":
        """Return ``function(theta, rng)`` that runs ``function(theta)`` with its modules on `rng`."""
        return Intercepted(function, self.modules)


class Intercepted:
    """Run a function that takes θ alone with module-level randomness drawn from a generator."""

    def __init__(self, function: Callable[[Array], UserValue], modules: tuple[str, ...]) -> None:
        self.function, self.modules = function, modules
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, theta: Array, rng: RunGenerator) -> UserValue:
        """Run the function with its modules replaced."""
        token = RUNNING.set(rng)
        try:
            with intercept(*self.modules):
                return self.function(theta)
        finally:
            RUNNING.reset(token)


def _replacing(module: str) -> ExitStack:
    stack = ExitStack()
    if module == "scipy.stats":
        from scipy.stats import rv_continuous, rv_discrete

        for kind in (rv_continuous, rv_discrete):
            stack.enter_context(replaced(kind, {"rvs": _rvs(kind.rvs)}))
    else:
        target = importlib.import_module(module)
        functions = functions_of(target, target.__all__, lambda name, original: _function(module, name, original))
        stack.enter_context(replaced(target, functions))
    return stack


def _function(module: str, name: str, original: ForeignFunction) -> ForeignFunction:
    def intercepted(*args: UserValue, **kwargs: UserValue) -> UserValue:
        running = RUNNING.get()
        if running is None or (name == "default_rng" and (args or kwargs)):
            return original(*args, **kwargs)
        if name == "default_rng":
            return running
        if name in STATE:
            raise NotInstrumented(name, f"{module}.{name} would move a stream that every run shares")
        method = name
        if name in RENAMED.get(module, {}):
            method, args, kwargs = RENAMED[module][name](*args, **kwargs)
        return _method(running, method)(*args, **kwargs)

    intercepted.__name__, intercepted.__doc__ = name, original.__doc__
    return intercepted


def _rvs(original: ForeignFunction) -> ForeignFunction:
    def rvs(
        self: Foreign, *args: UserValue, size: Size = None, random_state: UserValue = None, **kwargs: UserValue
    ) -> UserValue:
        running = RUNNING.get()
        if running is None or random_state is not None:
            return original(self, *args, size=1 if size is None else size, random_state=random_state, **kwargs)
        if self.name not in SCIPY:
            raise NotInstrumented(f"scipy.stats.{self.name}.rvs", "motherlode does not know its density")
        method, arguments, shift = SCIPY[self.name](*args, **kwargs)
        value = _method(running, method)(*arguments, size=None if size == 1 else size)
        return value if shift is None else shift(value)

    return rvs


def _method(running: RunGenerator, name: str) -> UserFunction:
    """Return a method of the run's generator whose draws belong to the line outside the libraries."""
    generator = running.addressed(BEYOND_LIBRARIES) if isinstance(running, TracedGenerator) else running
    return getattr(generator, name)
