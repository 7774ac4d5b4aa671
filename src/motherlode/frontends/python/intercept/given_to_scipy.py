"""Record what a distribution of ``scipy.stats`` draws when a run's generator is its ``random_state``.

SciPy draws a standard number and moves it by θ; recorded as that, θ would be outside the draw. So the draw is recorded
as one from the distribution's own family, while the number is still what SciPy makes of the stream.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from motherlode.core.types import Foreign, ForeignFunction, Size, UserValue
from motherlode.families import FAMILIES, Family
from motherlode.families.calls import Call, Drawn
from motherlode.frontends.python.frames import BEYOND_LIBRARIES
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.frontends.python.patching import replaced

__all__ = ["recording_scipy"]

_DEFAULTS = {"loc": 0.0, "scale": 1.0}
_lock = threading.RLock()
_open: list[ExitStack] = []


@contextmanager
def recording_scipy() -> Iterator[None]:
    """Let SciPy's distributions ask a traced ``random_state`` for their own family, in all threads, inside the block.

    Other states are left alone. Where ``scipy.stats`` was not imported yet, nothing is done.
    """
    with _lock:
        _open.append(_replacing() if not _open and "scipy.stats" in sys.modules else ExitStack())
    try:
        yield
    finally:
        with _lock:
            last = _open.pop()
            if _open:
                _open[0].push(last.pop_all())
            last.close()


def _replacing() -> ExitStack:
    from scipy.stats import rv_continuous, rv_discrete

    stack = ExitStack()
    for kind in (rv_continuous, rv_discrete):
        stack.enter_context(replaced(kind, {"rvs": _rvs(kind.rvs)}))
    return stack


def _rvs(original: ForeignFunction) -> ForeignFunction:
    def rvs(self: Foreign, *arguments: UserValue, random_state: UserValue = None, **named: UserValue) -> UserValue:
        family = _family(self) if isinstance(random_state, TracedGenerator) else None
        if family is None or family.scipy is None:
            return original(self, *arguments, random_state=random_state, **named)
        return _drawn(self, original, random_state, family, family.scipy, _given(self, arguments, named))

    return rvs


def _drawn(
    law: Foreign,
    original: ForeignFunction,
    generator: TracedGenerator,
    family: Family,
    call: Call,
    given: dict[str, UserValue],
) -> UserValue:
    """Draw from the family; a location or scale that it does not have moves the number, as it does in SciPy."""
    size: Size = given.pop("size", None)
    drawing = generator.addressed(BEYOND_LIBRARIES)._drawing

    def sampler(*values: UserValue) -> Drawn:
        named = dict(zip(call.arguments, values, strict=False))
        drawn: Drawn = original(law, **named, size=values[-1], random_state=drawing.stream)
        return drawn

    arguments = tuple(given.pop(name, _DEFAULTS.get(name)) for name in call.arguments)
    value = drawing.draw(family, sampler, arguments, size, call.parameters_of)
    return value * given.get("scale", 1) + given.get("loc", 0) if given else value


@cache
def _by_name() -> dict[str, tuple[Family, type]]:
    from scipy import stats

    known = [(family, family.scipy.name) for family in FAMILIES.values() if family.scipy is not None]
    return {name: (family, type(getattr(stats, name))) for family, name in known}


def _family(law: Foreign) -> Family | None:
    """Return the family of SciPy's distribution in the table; of one whose class is another's own, None."""
    family, kind = _by_name().get(law.name, (None, None))
    return family if type(law) is kind else None


def _given(law: Foreign, arguments: tuple[UserValue, ...], named: dict[str, UserValue]) -> dict[str, UserValue]:
    """Return what the program gave to ``rvs`` by name: shapes, loc, scale where there is one, and size."""
    shapes = law.shapes.split(", ") if law.shapes else []
    names = [*shapes, "loc", "size"] if hasattr(law, "pmf") else [*shapes, "loc", "scale", "size"]
    return dict(zip(names, arguments, strict=False)) | named
