"""Run a plain PPX 1.0.0 program draw by draw, as a function of θ that takes every other draw from the handlers.

Seen from here the program is like a Python function: its Sample requests with a declared parameter's name are
answered with θ, all others go through :func:`motherlode.tracing.draw`, so that record and replay work over the wire.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motherlode.families import FAMILIES
from motherlode.ppx.codec import encode, sample_result
from motherlode.ppx.errors import ConditionedProgram, ProtocolError, UnknownParameter
from motherlode.ppx.messages import (
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
from motherlode.ppx.session import Session
from motherlode.tracing import MotherlodeError, draw, intern, stream

__all__ = ["Lockstep"]

Array = NDArray[np.float64]
Value = float | Array
RUN, OBSERVED, TAGGED = encode(Run()), encode(ObserveResult()), encode(TagResult())
MAX_ABANDONED_DRAWS = 100_000


def _native(value: Array) -> Value:
    """Return a tensor of one number as a float; PPX peers write a scalar with shape [] or [1]."""
    return float(value.reshape(-1)[0]) if value.size == 1 else value


def _law(message: Sample | Observe) -> tuple[Any, ...]:
    family = FAMILIES[message.family]
    if family.vector:
        return (message.parameters[0].reshape(-1) if message.parameters[0].ndim < 2 else message.parameters[0],)
    return tuple(_native(parameter) for parameter in message.parameters)


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
        self.index = {name: d for d, name in enumerate(names)}
        self.draws = self.uncontrolled = 0
        self._pending: Body | None = None

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
        try:
            return self._run(theta)
        finally:
            if self._pending is not None and not self.session.closed:
                self._abandon(self._pending)
            self._pending = None

    def _run(self, theta: Array) -> Array:
        observed: list[Value] = []
        met: dict[str, None] = {}
        self.session.send(RUN)
        while not isinstance(message := self.session.receive("running in lockstep"), RunResult):
            self._pending = message
            self.session.send(self._reply(message, theta, met, observed))
            self._pending = None
        missing = tuple(name for name in self.names if name not in met)
        if missing:
            raise UnknownParameter(missing, tuple(met))
        return self._output(observed, message.result)

    def _output(self, observed: list[Value], result: Array | None) -> Array:
        if len(observed) == 1:
            return np.asarray(observed[0], np.float64)
        if observed:
            return np.concatenate([np.ravel(value) for value in observed])
        if result is None:
            raise ProtocolError("the run ended with neither an observed value nor a result, so there is no x")
        return result

    def _reply(self, message: Body, theta: Array, met: dict[str, None], observed: list[Value]) -> bytes:
        if isinstance(message, Sample):
            return self._sample(message, theta, met)
        if isinstance(message, Observe):
            observed.append(self._observe(message))
            return OBSERVED
        if isinstance(message, Tag):
            return TAGGED
        self.session.close()
        raise ProtocolError(f"a {type(message).__name__} came in the middle of a run")

    def _sample(self, message: Sample, theta: Array, met: dict[str, None]) -> bytes:
        place = self.index.get(message.address, self.index.get(message.name))
        if place is not None:
            met[self.names[place]] = None
            return sample_result(theta[place])
        met[message.name or message.address] = None
        self.draws += 1
        self.uncontrolled += not message.control
        return _sampled(draw(intern(message.address), FAMILIES[message.family], _law(message)))

    def _observe(self, message: Observe) -> Value:
        if message.value is not None and not self.redraw_observed:
            raise ConditionedProgram(message.address, _native(message.value))
        self.draws += 1
        family, law = FAMILIES[message.family], _law(message)
        value: Value = draw(intern(message.address), family, law, observed=family.sample(stream(), *law))
        return value

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


def _sampled(value: Any) -> bytes:
    return sample_result(value) if np.ndim(value) == 0 else encode(SampleResult(np.asarray(value, np.float64)))


def _any_reply(message: Body, generator: np.random.Generator) -> bytes:
    if isinstance(message, Sample):
        return _sampled(FAMILIES[message.family].sample(generator, *_law(message)))
    return OBSERVED if isinstance(message, Observe) else TAGGED
