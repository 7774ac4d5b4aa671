"""Wrap a plain Python function ``simulator(theta, rng)``, unchanged, as a Simulator."""

from contextlib import suppress
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core import EventStreams, MotherlodeError, Parameters
from motherlode.core.streams import Stream
from motherlode.core.types import Array, UserFunction, UserValue
from motherlode.events import CheckReport, Events
from motherlode.frontends.fingerprint import fingerprint
from motherlode.frontends.output import checked_output
from motherlode.frontends.python.frames import runs_program
from motherlode.frontends.python.generator.bare import BareGenerator
from motherlode.frontends.python.generator.refusals import refused_by_library
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.frontends.python.intercept.given_to_scipy import recording_scipy
from motherlode.frontends.python.intercept.interception import RUNNING, RunGenerator
from motherlode.frontends.python.redraw import find_uses
from motherlode.frontends.python.tracked.one_pass import run_at_points
from motherlode.frontends.python.uniforms.linked import settled
from motherlode.frontends.python.uniforms.watch import Uses, Watch
from motherlode.gold import (
    OnePass,
    Possible,
    RecordedRun,
    TrackingEnded,
    agrees_with_replay,
    check_output_shapes,
    check_simulator,
    mine,
    record_run,
    watched,
)
from motherlode.gold.guards.probes import PROBE_EVENTS
from motherlode.tracing import NumberUsed, alone, intern, stream

__all__ = ["PythonSimulator"]

Derivative = Literal["replay", "tracked", "auto"]

RETURNED = intern("the returned x")
"""Where uniforms that leave the function are settled."""

REPLAYED = 'local replay, derivative="replay": 1 + K + 2D runs for each event'
TRACKED = 'tracked numbers, derivative="tracked": one run carries all points'


_REHEARSED = 12


class _Found(MotherlodeError):
    """Carry uses as a number that were found while events were mined."""

    def __init__(self, uses: Uses) -> None:
        self.uses = uses
        super().__init__(", ".join(use.address for use in uses))


class PythonSimulator:
    """Run and mine ``function(theta, rng) -> x``.

    Parameters
    ----------
    function
        Takes θ with shape (D,) and a random generator with NumPy's interface; returns a number or an array of
        fixed shape (*L). It may keep no state between runs.
    parameters
        Names and bounds of θ.
    derivative
        How gold is obtained. ``"replay"`` runs the function 1+K+2D times and allows any code. ``"tracked"`` runs it
        once with numbers that carry all points (operators and NumPy's scalar functions only, else TrackingEnded).
        ``"auto"`` tries the latter on the first event and takes it if replay agrees; ``chosen`` says which.

    Examples
    --------
    >>> import numpy as np
    >>> def coin(theta, rng):
    ...     return sum(rng.random() < theta[0] for _ in range(10))
    >>> simulator = PythonSimulator(coin, Parameters(("p",), (0.1,), (0.9,)))
    >>> events = simulator.mine(np.full((100, 1), 0.5), [[0.6]], seed=1)
    >>> events.joint_log_ratio.shape, events.joint_score.shape
    ((100, 1), (100, 1))
    """

    possible = Possible(parity=True, alone=True, replay=True)

    def __init__(self, function: UserFunction, parameters: Parameters, derivative: Derivative = "replay") -> None:
        self.function = function
        self.parameters = parameters
        self.derivative = derivative
        self.chosen: Derivative | None = "replay" if derivative == "replay" else None
        self._repeated = False
        self._uses: Uses = frozenset()
        self._rehearsed = self._mined = False
        self.name = getattr(function, "__name__", type(function).__name__)
        self.version = fingerprint(getattr(function, "function", function))

    def simulate(self, theta: ArrayLike, seed: int = 0, first: int = 0) -> Array:
        """Return x with shape (N, *L) for θ (N, D), run bare on NumPy's generator.

        Raises
        ------
        ParameterError
            For θ of wrong shape, not finite, or outside the bounds.
        OutputRefused
            For an x that is no array of real numbers.
        EventsError
            For an x whose shape changes from event to event.
        """
        rows = self.parameters.check(theta)
        streams = EventStreams(seed)
        generator = BareGenerator(streams.at(first).bit_generator)
        outputs = []
        for event, row in enumerate(rows, first):
            streams.at(event)
            outputs.append(self._call(row, generator))
        check_output_shapes({np.shape(x): event for event, x in enumerate(outputs, first)})
        return np.array(outputs, dtype=np.float64)

    @recording_scipy()
    def mine(
        self,
        theta: ArrayLike,
        alternatives: ArrayLike | None = None,
        *,
        seed: int = 0,
        first: int = 0,
        traces: bool = False,
    ) -> Events:
        """Return events with gold by local replay.

        Parameters
        ----------
        theta
            Shape (N, D).
        alternatives
            Shape (N, K, D), or (K, D) for all events.
        seed, first
            Event i uses random stream (seed, first + i).
        traces
            Whether to keep the branchings.

        Raises
        ------
        ParameterError
            For θ or alternatives that cannot be right.
        LeakError
            If x depends on θ other than through the draws (HiddenRandomness, ReplayDiverged are kinds of it).
        OutputRefused
            For an x that is no array of real numbers.
        SimulatorFailed
            If every event failed.
        """
        rows = self.parameters.check(theta)
        others = self.parameters.check_alternatives(alternatives, len(rows))
        if self.chosen is None:
            self.chosen = self._choose(rows[0], others[0])
        if not self._rehearsed:
            self._rehearse(rows)
        mining = partial(self._mine_rows, rows, others, seed, first, traces)
        events = watched(self, rows, others, seed, first, mining, fresh_replay=not self._repeated)
        self._repeated = self._repeated or len(rows) >= PROBE_EVENTS
        return events

    def _mine_rows(self, rows: Array, others: Array, seed: int, first: int, traces: bool) -> Events:
        """Mine events, and mine them again where they show that a uniform is used as a number."""
        while True:
            one_pass = self._one_pass if self.chosen == "tracked" and not self._uses else None
            guard = partial(self._examine, seed)
            try:
                events = mine(
                    self.program, self.parameters, rows, others,
                    root=seed, first=first, traces=traces, one_pass=one_pass, guard=guard,
                )  # fmt: skip
            except _Found as found:
                self._uses |= found.uses
            else:
                self._mined = True
                return events

    @recording_scipy()
    def check(self, theta: ArrayLike, alternatives: ArrayLike | None = None) -> CheckReport:
        """Say whether the function can be mined, and if not, at which line."""
        from motherlode.frontends.python.provenance.explaining import explain

        tier = TRACKED if self.chosen == "tracked" else REPLAYED
        why = partial(explain, self._call)
        return check_simulator(self, theta, alternatives, tier=tier, explain=why, rival=lambda: self._rival(theta))

    def _rival(self, theta: ArrayLike) -> tuple[str, "PythonSimulator"] | None:
        """Return the other way to gold, if the function allows it."""
        if self.chosen == "tracked":
            return REPLAYED, PythonSimulator(self.function, self.parameters)
        tracked = PythonSimulator(self.function, self.parameters, "auto")
        row = self.parameters.check(theta)[:1]
        tracked.mine(row, row[None])
        return (TRACKED, tracked) if tracked.chosen == "tracked" else None

    def program(self, theta: Array) -> UserValue:
        """Run one event at θ with shape (D,) under the handlers in force and return x."""
        if not self._rehearsed:
            self._rehearse(theta[None])
        if not self._uses:
            return self._call(theta, TracedGenerator(stream()))
        return self._watched(theta, Watch(self._uses))

    def _watched(self, theta: Array, watch: Watch) -> UserValue:
        """Run one event, its uniforms watched; x is converted before what is left of them is recorded."""
        x = np.array(self._call(theta, TracedGenerator(stream(), watch=watch)), dtype=np.float64)
        watch.finish()
        return x

    def _examine(self, root: int, run: RecordedRun) -> None:
        """Look for uniforms that are used as numbers where no method sees it.

        Raises
        ------
        NumberUsed
            If gold was given already that does not know of it.
        """
        found = find_uses(self._watched, run, root, self._uses)
        if found and self._mined:
            raise NumberUsed(min(found).address, run.event, run.theta, run.theta, run.x, run.x)
        if found:
            raise _Found(found)

    def _rehearse(self, theta: Array) -> None:
        """Run a few events of the whole box before the first row, to know which uniforms are used as numbers.

        What is wrong with the simulator is said when its events are mined.
        """
        self._rehearsed = True
        low, high = self.parameters.probe_box(theta)
        bounded = self.parameters.low is not None and self.parameters.high is not None
        streams = EventStreams(0, Stream.REDRAWS)
        for event in range(_REHEARSED):
            generator = streams.at(event)
            point = low + (high - low) * generator.random(len(low)) if bounded else theta[event % len(theta)]
            with suppress(Exception), alone():
                run = record_run(self.program, event, point, generator)
                if run.draws.numbers:
                    self._uses |= find_uses(self._watched, run, 0, self._uses, compared=False)

    def _one_pass(self, points: Array) -> OnePass:
        return run_at_points(self._call, points)

    def _choose(self, theta: Array, alternatives: Array) -> Derivative:
        """Try to track the first event."""
        try:
            agrees = agrees_with_replay(self._one_pass, self.program, theta, alternatives)
        except TrackingEnded:
            if self.derivative == "tracked":
                raise
            return "replay"
        except Exception as error:  # a number that is no float may upset any program
            if self.derivative == "tracked":
                raise TrackingEnded("The program", f"{type(error).__name__}: {error}") from error
            return "replay"
        if self.derivative == "tracked" and not agrees:
            raise TrackingEnded("The program", "replay asks its draws with other parameters")
        return "tracked" if agrees else "replay"

    @runs_program
    def _call(self, theta: np.ndarray, generator: RunGenerator) -> UserValue:
        token = RUNNING.set(generator)
        try:
            return checked_output(settled(self.function(theta.copy(), generator), RETURNED))
        except Exception as error:
            refused = refused_by_library(error, generator)
            if refused is None:
                raise
            raise refused from error
        finally:
            RUNNING.reset(token)

    def __repr__(self) -> str:
        return f"PythonSimulator({self.name}, {self.parameters})"
