r"""Fresh replay: an event and its gold do not depend on what ran before it.

.. math:: x(\theta, z) = x(\theta', z), \qquad \log r(x, z | \theta, \theta')\ \text{the same, with nothing run before}

A few events are mined alone in a process where nothing ran before, and their recorded draws are replayed at a probe in
another one, one event a run. State kept between runs, memos by the value of a draw, and what hangs on the order of a
set of strings (Python's hash seed) survive every replay in one process, because the memory is full by then.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from motherlode.core import MotherlodeError, philox_generator
from motherlode.core.errors import show
from motherlode.core.types import Array
from motherlode.events import Events, GuardOutcome, Simulator
from motherlode.families import FAMILIES
from motherlode.families.calls import Drawn
from motherlode.gold.guards.errors import NotRepeatable
from motherlode.gold.guards.fresh_process import FreshProcess, InFork, NotSent, available
from motherlode.gold.guards.parity import power_of_equality
from motherlode.gold.guards.possible import Guarded, possible_of
from motherlode.gold.guards.probes import probe_at
from motherlode.gold.runs import RecordedRun, record_run, replay_at, same_output
from motherlode.gold.scoring import log_probs
from motherlode.tracing import LeakError, address_of, alone, intern
from motherlode.tracing.branching import DrawParameters, RecordedDraw, RecordedDraws

__all__ = ["FRESH_EVENTS", "FreshReplay"]

FRESH_EVENTS = 16
"""Events of a set that are repeated in fresh processes."""

_NAME = "fresh replay"
_HASH_SEEDS = range(1, 3)
_CONFIRMING = range(3, 11)


@dataclass(frozen=True)
class _Asked:
    """One event to repeat: its stream, θ (D,), alternatives (K, D) and the probe (D,)."""

    seed: int
    event: int
    theta: Array
    alternatives: Array
    probe: Array


class _Alone(NamedTuple):
    """What came of an event that was mined alone: x, log-ratios at the alternatives and at the probe, where it has."""

    x: Array
    log_ratio: Array
    at_probe: float | None


class _Sent(NamedTuple):
    """A recorded draw as another process can read it."""

    address: str
    family: str
    parameters: DrawParameters
    value: Drawn
    observed: bool


class _Repeated(NamedTuple):
    """What the fresh processes say of one event: a leak that shows on replay in one of them, in words."""

    alone: _Alone
    finding: str | None


class FreshReplay:
    """Repeat events in fresh processes, beside the mining; :meth:`check` compares them with the mined ones.

    Start it before the simulator has run, so that a function that travels by value takes no memory along.

    Parameters
    ----------
    simulator
        What is mined.
    theta, alternatives
        Of consecutive events, shapes (N, D) and (N, K, D).
    seed, first
        Event i uses stream (seed, first + i).
    events
        How many of them to repeat, evenly spaced.
    seconds
        Time after which no further event is repeated.
    processes
        In how many processes, each with a hash seed of its own: 1 or 2.
    """

    def __init__(
        self,
        simulator: Simulator,
        theta: Array,
        alternatives: Array,
        seed: int,
        first: int = 0,
        *,
        events: int = FRESH_EVENTS,
        seconds: float = 3.0,
        processes: int = len(_HASH_SEEDS),
    ) -> None:
        self._refused: GuardOutcome | None = None
        self._processes: list[FreshProcess[list[_Repeated | None]]] = []
        rows = np.unique(np.linspace(0, len(theta) - 1, min(events, len(theta))).astype(np.int64))
        box = simulator.parameters.probe_box(theta, alternatives)
        self._asked = [
            _Asked(seed, first + row, theta[row], alternatives[row], probe_at(seed, first + row, box))
            for row in rows.tolist()
        ]
        self._work = partial(_repeat_all, simulator, self._asked, seconds)
        if not possible_of(simulator).alone:
            self._refused = GuardOutcome(_NAME, "not possible here", "Events cannot be repeated alone to the bit.")
        elif not available():
            self._refused = GuardOutcome(_NAME, "not run", "This system cannot fork.")
        else:
            self._start(processes)

    def _start(self, processes: int) -> None:
        try:
            self._processes = [FreshProcess(self._work, hash_seed) for hash_seed in _HASH_SEEDS[:processes]]
        except NotSent as reason:
            self._refused = GuardOutcome(_NAME, "not run", str(reason))

    def check(self, mined: Events) -> GuardOutcome:
        """Compare mined events, of the same call, with their repetitions.

        Raises
        ------
        NotRepeatable, LeakError
            If one of them is another event in a process where nothing ran before.
        """
        if self._refused is not None:
            return self._refused
        try:
            return self._judge(mined, [process.result() for process in self._processes])
        except NotSent as reason:
            return GuardOutcome(_NAME, "not run", str(reason))
        finally:
            self.close()

    def close(self) -> None:
        """End what still runs."""
        for process in self._processes:
            process.close()

    def _judge(self, mined: Events, answers: Sequence[Sequence["_Repeated | None"]]) -> GuardOutcome:
        compared = 0
        for asked, *found in zip(self._asked, *answers, strict=True):
            rows = np.flatnonzero(mined.event == asked.event)
            repeated = [each for each in found if each is not None]
            if len(repeated) < len(answers) or not len(rows):
                continue
            compared += 1
            for each in repeated:
                if each.finding is not None:
                    raise NotRepeatable(asked.event, asked.theta, each.finding)
            first, last = repeated[0].alone, repeated[-1].alone
            here = _Alone(mined.x[rows[0]], mined.joint_log_ratio[rows[0]], None)
            if not _same(first, last):
                return _hash_seed(asked, _difference(first, last))
            if not _same(here, first):
                return self._confirm(asked, here, first)
        if not compared:
            return GuardOutcome(_NAME, "undecided", "No event could be repeated in the time allowed.")
        return GuardOutcome(_NAME, "passed", power_of_equality(compared))

    def _confirm(self, asked: _Asked, here: _Alone, there: _Alone) -> GuardOutcome:
        """Tell kept state from an order of hashing that two processes happened to share."""
        position = self._asked.index(asked)
        for hash_seed in _CONFIRMING:
            found = FreshProcess(self._work, hash_seed).result()[position]
            if found is not None and not _same(found.alone, there):
                return _hash_seed(asked, _difference(there, found.alone))
        raise NotRepeatable(asked.event, asked.theta, _difference(here, there))


def _hash_seed(asked: _Asked, difference: str) -> GuardOutcome:
    return GuardOutcome(
        _NAME,
        "warning",
        f"Rows depend on Python's hash seed: between two interpreters, event {asked.event} at "
        f"theta={show(asked.theta)} differs. {difference} The row is one of several that this stream can give; "
        "iterating over a set of strings is the usual cause. Sort the set, or set PYTHONHASHSEED for every process.",
    )


def _same(one: _Alone, other: _Alone) -> bool:
    return same_output(one.x, other.x) and bool(np.allclose(one.log_ratio, other.log_ratio, rtol=1e-9, atol=1e-9))


def _difference(one: _Alone, other: _Alone) -> str:
    if not same_output(one.x, other.x):
        return f"x is {show(one.x)} and then {show(other.x)}."
    return f"The joint log-ratio is {show(one.log_ratio)} and then {show(other.log_ratio)}."


def _repeat_all(
    simulator: Simulator, asked: Sequence[_Asked], seconds: float, in_fork: InFork
) -> list[_Repeated | None]:
    deadline = time.monotonic() + seconds
    found: list[_Repeated | None] = []
    for each in asked:
        if found and time.monotonic() > deadline:
            break
        found.append(_repeat(simulator, each, in_fork))
    return found + [None] * (len(asked) - len(found))


def _repeat(simulator: Simulator, asked: _Asked, in_fork: InFork) -> _Repeated | None:
    """Repeat one event; None where it fails, at θ or at the probe."""
    try:
        mined = in_fork(partial(_mined_alone, simulator, asked))
        if not isinstance(simulator, Guarded) or not simulator.possible.replay:
            return _Repeated(mined, None)
        draws, numbers, x = in_fork(partial(_recorded, simulator, asked))
        found = in_fork(partial(_replayed, simulator, asked, draws, numbers, x))
    except NotSent:
        return None
    return _Repeated(mined, found if isinstance(found, str) else _other_ratio(asked, mined, found))


def _other_ratio(asked: _Asked, mined: _Alone, found: float) -> str | None:
    if mined.at_probe is None or np.allclose(found, mined.at_probe, rtol=1e-9, atol=1e-9):
        return None
    return (
        f"Replayed at theta={show(asked.probe)} its joint log-ratio is {found:g}, and {mined.at_probe:g} where theta "
        "came first."
    )


def _mined_alone(simulator: Simulator, asked: _Asked) -> _Alone:
    count = len(asked.alternatives)
    alternatives = np.concatenate([asked.alternatives, asked.probe[None]])
    try:
        events = simulator.mine(asked.theta[None], alternatives[None], seed=asked.seed, first=asked.event)
    except LeakError:
        raise
    except MotherlodeError:
        events = simulator.mine(asked.theta[None], asked.alternatives[None], seed=asked.seed, first=asked.event)
    ratios = events.joint_log_ratio[0]
    return _Alone(events.x[0], ratios[:count], float(ratios[count]) if len(ratios) > count else None)


def _recorded(simulator: Guarded, asked: _Asked) -> tuple[list[_Sent], list[float | Array], Array]:
    with alone():
        run = record_run(simulator.program, asked.event, asked.theta, philox_generator(asked.seed, asked.event))
    sent = [_Sent(address_of(d.site), d.family.name, d.parameters, d.value, d.observed) for d in run.draws]
    return sent, run.draws.numbers, run.x


def _replayed(
    simulator: Guarded, asked: _Asked, sent: Sequence[_Sent], numbers: list[float | Array], x: Array
) -> float | str:
    """Return the joint log-ratio at the probe, or the leak in words."""
    draws = RecordedDraws(
        RecordedDraw(intern(d.address), FAMILIES[d.family], d.parameters, d.value, d.observed) for d in sent
    )
    draws.numbers = numbers
    run = RecordedRun(asked.event, asked.theta, x, draws)
    try:
        with alone():
            found = replay_at(simulator.program, run, asked.probe, philox_generator(asked.seed, asked.event))
    except LeakError as leak:
        return str(leak)
    log_prob = log_probs(draws, [[draw.parameters for draw in draws], found]).log_prob.sum(axis=1)
    return float(log_prob[0] - log_prob[1])
