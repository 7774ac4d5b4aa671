"""Let code that takes no generator be mined: within a scope, module-level randomness is the run's own stream.

``random.gauss()``, ``numpy.random.normal()`` and ``scipy.stats`` distributions' ``rvs`` then draw from the generator of
the run in progress in this thread. The names are patched while any scope is open and look up the run in a context
variable, so other threads and code outside a run keep their own randomness; they are restored on any exit.
"""

import importlib
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

from motherlode.frontends.errors import NotInstrumented, NotWrappable
from motherlode.frontends.python.intercept.running import RUNNING, outside
from motherlode.frontends.python.intercept.translation import RENAMED, SCIPY, STATE

__all__ = ["intercept"]

_KNOWN = ("random", "numpy.random", "scipy.stats")
_lock = threading.RLock()
_open: dict[str, int] = {}
_patches: dict[str, ExitStack] = {}


class intercept:  # noqa: N801
    """Patch modules' random functions while entered; or decorate a function without generator for ``motherlode.wrap``.

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
                    _patches[module] = _patched(module)
                _open[module] = _open.get(module, 0) + 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _lock:
            for module in self.modules:
                _open[module] -= 1
                if _open[module] == 0:
                    _patches.pop(module).close()

    def __call__(self, function: Callable[[Any], Any]) -> "Intercepted":
        """Return ``function(theta, rng)`` that runs ``function(theta)`` with its modules on `rng`."""
        return Intercepted(function, self.modules)


class Intercepted:
    """Run a function that takes θ alone with module-level randomness drawn from a generator."""

    def __init__(self, function: Callable[[Any], Any], modules: tuple[str, ...]) -> None:
        self.function, self.modules = function, modules
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, theta: Any, rng: Any) -> Any:
        """Run the function with its modules patched."""
        token = RUNNING.set(rng)
        try:
            with intercept(*self.modules):
                return self.function(theta)
        finally:
            RUNNING.reset(token)


def _patched(module: str) -> ExitStack:
    if module == "scipy.stats":
        return _patched_scipy()
    target = importlib.import_module(module)
    stack = ExitStack()
    for name in target.__all__:
        original = getattr(target, name)
        if callable(original) and not isinstance(original, type):
            stack.enter_context(patch.object(target, name, _function(module, name, original)))
    return stack


def _function(module: str, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def intercepted(*args: Any, **kwargs: Any) -> Any:
        running = RUNNING.get()
        if running is None or (name == "default_rng" and (args or kwargs)):
            return original(*args, **kwargs)
        if name == "default_rng":
            return running
        if name in STATE:
            raise NotInstrumented(name, f"{module}.{name} would move a stream that every run shares")
        if name in RENAMED.get(module, {}):
            method, args, kwargs = RENAMED[module][name](*args, **kwargs)
            return getattr(outside(running), method)(*args, **kwargs)
        return getattr(outside(running), name)(*args, **kwargs)

    intercepted.__name__, intercepted.__doc__ = name, original.__doc__
    return intercepted


def _patched_scipy() -> ExitStack:
    from scipy.stats import rv_continuous, rv_discrete

    stack = ExitStack()
    for kind in (rv_continuous, rv_discrete):
        stack.enter_context(patch.object(kind, "rvs", _rvs(kind.rvs)))
    return stack


def _rvs(original: Callable[..., Any]) -> Callable[..., Any]:
    def rvs(self: Any, *args: Any, size: Any = None, random_state: Any = None, **kwargs: Any) -> Any:
        running = RUNNING.get()
        if running is None or random_state is not None:
            return original(self, *args, size=1 if size is None else size, random_state=random_state, **kwargs)
        if self.name not in SCIPY:
            raise NotInstrumented(f"scipy.stats.{self.name}.rvs", "motherlode does not know its density")
        method, arguments, shift = SCIPY[self.name](*args, **kwargs)
        value = getattr(outside(running), method)(*arguments, size=None if size == 1 else size)
        return value if shift is None else shift(value)

    return rvs
