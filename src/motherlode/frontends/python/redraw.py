"""Find uniforms that are used as numbers where no method sees it: draw them afresh, and x must not change.

A uniform that was only compared may be any number of the interval that its comparisons left. An event is replayed at
its own θ with others of those numbers: where x or the path changes, the program used one as a number (C code takes a
float as it is). Its density then belongs to the gold.
"""

from collections.abc import Callable

from motherlode.core import philox_generator
from motherlode.core.streams import Stream
from motherlode.core.types import Array, UserValue
from motherlode.frontends.python.uniforms.watch import Use, Uses, Watch
from motherlode.gold import RecordedRun
from motherlode.gold.runs import replay_at
from motherlode.tracing.branching import RecordedDraws

__all__ = ["find_uses"]

_TRIES = 2


def find_uses(
    program: Callable[[Array, Watch], UserValue], run: RecordedRun, root: int, uses: Uses, compared: bool = True
) -> Uses:
    """Return uses as a number that are not known yet.

    Parameters
    ----------
    program
        Runs one event at θ (D,) under the handlers in force, its uniforms watched.
    run
        The event as recorded.
    root
        Seed of the numbers that are drawn afresh.
    uses
        What is known.
    compared
        Whether to draw afresh only what was compared: without a comparison the number's density is the same everywhere.

    Raises
    ------
    LeakError
        If x or the path changes with nothing drawn afresh.
    """
    watch = Watch(uses)
    generator = philox_generator(root, run.event, Stream.REDRAWS)
    replay_at(lambda theta: program(theta, watch), run, run.theta, generator)
    opened = frozenset(watch.open(compared))
    if not opened:
        return frozenset()

    def changes(chosen: frozenset[tuple[int, Use]]) -> bool:
        draws = RecordedDraws(run.draws)
        draws.numbers = watch.redrawn(chosen, generator)
        other = RecordedRun(run.event, run.theta, run.x, draws)
        try:
            replay_at(lambda theta: program(theta, Watch(uses)), other, run.theta, generator)
        except Exception:  # noqa: BLE001 - whatever a program raises at another number, it used the number
            return True
        return False

    if not changes(opened):
        return frozenset()
    found = set()
    for use in sorted({use for _, use in opened}):
        alike = frozenset(at for at in opened if at[1] == use)
        if any(changes(alike) for _ in range(_TRIES)):
            found.add(use)
    return frozenset(found or {use for _, use in opened})
