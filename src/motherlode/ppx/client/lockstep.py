"""Run a plain PPX 1.0.0 program draw by draw, as a function of θ that takes every other draw from the handlers.

Seen from here the program is like a Python function: its Sample requests with a declared parameter's name are
answered with θ, all others go through :func:`motherlode.tracing.draw`, so that record and replay work over the wire.
"""

import itertools
import time

import numpy as np
from numpy.random import Generator

from motherlode.core import MotherlodeError
from motherlode.core.types import Array
from motherlode.families import FAMILIES
from motherlode.families.calls import Drawn
from motherlode.ppx.client.recall import Known, Law, Recall, law_of
from motherlode.ppx.client.session import Session
from motherlode.ppx.errors import ConditionedProgram, PeerError, ProtocolError, UnknownParameter
from motherlode.ppx.format.codec import encode, sample_result
from motherlode.ppx.format.messages import (
    Body,
    Observe,
    ObserveResult,
    Run,
    RunResult,
    Sample,
    SampleResult,
    Tag,
    TagResult,
)
from motherlode.tracing import MissingRandomness, draw, intern, stream
from motherlode.tracing.shortcut import channel

__all__ = ["Lockstep"]

RUN, OBSERVED, TAGGED = encode(Run()), encode(ObserveResult()), encode(TagResult())
RUNNING = "running in lockstep"
MAX_ABANDONED_DRAWS = 100_000
RUN_TIMEOUTS = 10
CLOCK_INTERVAL = 256


class Lockstep:
    """Call a program behind a session: θ with shape (D,) in, x with shape (*L) out.

    Parameters
    ----------
    session
        A connection to the program.
    names
        D names or addresses of the Sample requests that are θ.
    redraw_observed
        Whether an Observe that brings a value is drawn anew instead of refused.

    Attributes
    ----------
    draws, uncontrolled
        Draws answered so far, θ excepted, and how many of them had ``control`` false.
    """

    def __init__(self, session: Session, names: tuple[str, ...], redraw_observed: bool = False) -> None:
        self.session, self.names, self.redraw_observed = session, names, redraw_observed
        self.draws = self.uncontrolled = 0
        self._index = {name: d for d, name in enumerate(names)}
        self._recall = Recall()
        self._places: dict[int, int | None] = {}
        self._running = False
        self._pending: Body | None = None
        self._result: Array | None = None
        self._take = channel().take
        self._generator: Generator | None = None

    def __call__(self, theta: Array) -> Array:
        """Run the program once.

        Parameters
        ----------
        theta
            Shape (D,).

        Returns
        -------
        Array
            The observed value, or all of them one after the other; where nothing is observed what the run returned.

        Raises
        ------
        UnknownParameter
            If the program never asked for one of the parameters.
        ConditionedProgram
            If an Observe brings its own data.
        WireError
            As :meth:`Session.receive`.
        """
        self._take = channel().take
        self._generator = self._stream()
        try:
            return self._run(theta)
        except PeerError:
            self._running = False
            raise
        finally:
            self._settle()

    def _settle(self) -> None:
        """Leave no run half-way: end it if its next reply is ours to give, else close the session."""
        if self._running and not self.session.closed:
            if self._pending is None:
                self.session.close()
            else:
                self._abandon(self._pending)
        self._pending, self._running = None, False

    def _stream(self) -> Generator | None:
        try:
            return stream()
        except MissingRandomness:
            return None

    def _run(self, theta: Array) -> Array:
        observed: list[Drawn] = []
        met: set[int | None] = set()
        reply: bytes | None = RUN
        self._running = True
        until = time.monotonic() + RUN_TIMEOUTS * self.session.timeout
        for request in itertools.count(1):
            if reply is None:
                break
            if request % CLOCK_INTERVAL == 0 and time.monotonic() > until:
                self.session.give_up(f"running one event in lockstep, {request} requests long already", RUN_TIMEOUTS)
            self.session.send(reply)
            self._pending = None
            reply = self._answer(self.session.frame(RUNNING), theta, met, observed)
        missing = tuple(name for d, name in enumerate(self.names) if d not in met)
        if missing:
            raise UnknownParameter(missing, tuple(self._recall.names))
        return self._output(observed)

    def _answer(self, frame: bytes, theta: Array, met: set[int | None], observed: list[Drawn]) -> bytes | None:
        """Return the reply to a frame; None where it ends the run."""
        recalled = self._recall.recall(frame)
        if recalled is not None:
            self._pending = recalled[0].message
            return self._sample(*recalled, theta, met)
        message = self.session.interpret(frame)
        if isinstance(message, RunResult):
            self._result, self._running = message.result, False
            return None
        self._pending = message
        if isinstance(message, Sample):
            return self._sample(self._recall.learn(frame, message), law_of(message), theta, met)
        if isinstance(message, Observe):
            observed.append(self._observe(message))
            return OBSERVED
        if isinstance(message, Tag):
            return TAGGED
        self.session.close()
        raise ProtocolError(f"a {type(message).__name__} came in the middle of a run")

    def _output(self, observed: list[Drawn]) -> Array:
        if len(observed) == 1:
            return np.asarray(observed[0], np.float64)
        if observed:
            return np.concatenate([np.ravel(value) for value in observed])
        if self._result is None:
            raise ProtocolError("the run ended with neither an observed value nor a result, so there is no x")
        return self._result

    def _sample(self, known: Known, law: Law, theta: Array, met: set[int | None]) -> bytes:
        place = self._places.get(known.site, -1)
        if place == -1:
            message = known.message
            place = self._places[known.site] = self._index.get(message.address, self._index.get(message.name))
        if place is not None:
            met.add(place)
            return sample_result(theta[place])
        self.draws += 1
        self.uncontrolled += not known.message.control
        family, generator = known.family, self._generator
        if generator is None or family.vector or np.ndarray in map(type, law):
            return _sampled(draw(known.site, family, law))
        return sample_result(float(self._take(known.site, family, law, family.sample, (generator, *law))))

    def _observe(self, message: Observe) -> Drawn:
        family, law = FAMILIES[message.family], law_of(message)
        if message.value is not None and not self.redraw_observed:
            raise ConditionedProgram(message.address, message.value.tolist())
        self.draws += 1
        return draw(intern(message.address), family, law, observed=family.sample(stream(), *law))

    def _abandon(self, message: Body) -> None:
        """Bring a run that was left half-way to its end with values nobody keeps; else close the session."""
        generator = np.random.default_rng(0)
        try:
            for _ in range(MAX_ABANDONED_DRAWS):
                self.session.send(_any_reply(message, generator))
                message = self.session.receive("giving up a run")
                if isinstance(message, RunResult):
                    return
        except (MotherlodeError, ValueError):
            self.session.close()
        self.session.close()


def _sampled(value: Drawn) -> bytes:
    array = np.asarray(value, np.float64)
    return encode(SampleResult(array)) if array.ndim else sample_result(float(array))


def _any_reply(message: Body, generator: np.random.Generator) -> bytes:
    if isinstance(message, Sample):
        return _sampled(FAMILIES[message.family].sample(generator, *law_of(message)))
    return OBSERVED if isinstance(message, Observe) else TAGGED
