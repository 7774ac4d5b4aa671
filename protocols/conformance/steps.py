"""State what PPX.md promises as steps; each plays a few messages and raises Failed where a promise is broken."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from motherlode.families import FAMILIES
from motherlode.ppx.client.recall import law_of
from motherlode.ppx.client.session import Session
from motherlode.ppx.client.sockets import Link
from motherlode.ppx.format.codec import decode, encode
from motherlode.ppx.format.messages import (
    Body,
    Error,
    GoldBlock,
    GoldRun,
    Handshake,
    HandshakeResult,
    Observe,
    ObserveResult,
    Reset,
    Run,
    RunResult,
    Sample,
    SampleResult,
    Tag,
    TagResult,
)
from motherlode.ppx.format.schema import ErrorCode, Recorded
from motherlode.ppx.format.writer import write

__all__ = ["FUZZ", "GOLD", "PLAIN", "STRICT", "Failed", "Table"]

MAX_DRAWS = 1_000_000
Step = Callable[["Table"], str | None]


class Failed(Exception):
    """A promise of PPX.md is broken."""


def insist(holds: object, text: str) -> None:
    """Raise Failed unless `holds`."""
    if not holds:
        raise Failed(text)


class Table:
    """Hold the connection that is played on.

    Parameters
    ----------
    connect
        Makes a new connection with a handshake.
    golden
        Folder of the golden frames.
    fuzz
        How many mutated frames to send.
    """

    def __init__(self, connect: Callable[[], Session], golden: Path, fuzz: int) -> None:
        self.connect, self.golden, self.fuzz = connect, golden, fuzz
        self._session = connect()

    def session(self) -> Session:
        """Return a connection in state "ready"."""
        if self._session.closed:
            self._session = self.connect()
        return self._session

    def renew(self) -> None:
        """Start over after a failure."""
        self._session.close()

    def ask(self, message: Body | bytes, asked: GoldRun | None = None) -> Body:
        """Send a message, return the answer, also if it is an Error."""
        session = self.session()
        session.send(message if isinstance(message, bytes) else encode(message))
        return decode(session.frame("conformance"), asked)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def gold_run(self, count: int, record: Recorded = Recorded.GOLD, **changes: object) -> GoldRun:
        """Return a sound request with K = 2 near the middle of the parameters."""
        simulator = self.session().described
        width = len(simulator.parameter_names)
        low = np.zeros(width) if simulator.parameter_low is None else np.nan_to_num(simulator.parameter_low, neginf=0.0)
        high = low + 1 if simulator.parameter_high is None else np.nan_to_num(simulator.parameter_high, posinf=1.0)
        span = np.random.default_rng(1).uniform(0.2, 0.8, (count, 3, width))
        points = low + (high - low) * span
        steps = np.full((count, width), 1e-6) * np.minimum(1.0, high - low)
        run = GoldRun(record, 7, 2000, points[:, 0], points[:, 1:], steps, low, high)
        return replace(run, **changes)


def reply_to(message: Body, generator: np.random.Generator) -> Body:
    """Return a valid answer to a message of a run."""
    if isinstance(message, Sample):
        value = FAMILIES[message.family].sample(generator, *law_of(message))
        return SampleResult(np.asarray(value, np.float64))
    if isinstance(message, Observe):
        return ObserveResult()
    insist(isinstance(message, Tag), f"a {type(message).__name__} came in a run: {getattr(message, 'text', '')}")
    return TagResult()


def play_run(table: Table) -> tuple[list[str], RunResult]:
    """Play one lockstep run to its end; return its addresses and result."""
    generator = np.random.default_rng(3)
    message, addresses = table.ask(Run()), []
    while not isinstance(message, RunResult):
        reply = reply_to(message, generator)
        addresses.append(getattr(message, "address", ""))
        insist(len(addresses) < MAX_DRAWS, f"a run makes more than {MAX_DRAWS} requests")
        message = table.ask(reply)
    return addresses, message


def first_sample(table: Table) -> Sample:
    """Start a run and return its first request."""
    message = table.ask(Run())
    insist(isinstance(message, Sample), f"the run begins with a {type(message).__name__}, not with a Sample")
    return message  # type: ignore[return-value]


def expect_error(answer: Body, *codes: ErrorCode) -> str:
    """Insist on an Error with one of the codes and return its text."""
    insist(isinstance(answer, Error), f"the answer is a {type(answer).__name__}, not an Error")
    code = getattr(answer, "code", None)
    insist(code in codes, f"the Error has code {code!r} where {' or '.join(c.name for c in codes)} is due")
    return ""


def handshake(table: Table) -> str:
    """A handshake is answered with names."""
    answer = table.ask(Handshake("conformance"))
    insist(isinstance(answer, HandshakeResult), f"the answer is a {type(answer).__name__}")
    insist(getattr(answer, "system_name", ""), "system_name is empty")
    return f"{answer.system_name}, {answer.model_name}"  # type: ignore[union-attr]


def lockstep(table: Table) -> str:
    """A run in lockstep ends with a RunResult."""
    addresses, _ = play_run(table)
    insist(addresses, "the run made no request at all")
    insist(all(addresses), "a request has an empty address")
    return f"{len(addresses)} requests at {len(set(addresses))} addresses"


def repeat(table: Table) -> str:
    """The same answers give the same run again."""
    (first, one), (second, other) = play_run(table), play_run(table)
    insist(first == second, "the same answers led to other addresses: randomness that is not asked for")
    same = np.array_equal(np.asarray(one.result, float), np.asarray(other.result, float), equal_nan=True)
    insist(same, f"the same answers led to {one.result} and then to {other.result}")
    return ""


def unexpected_idle(table: Table) -> str:
    """An answer without a question is an Error."""
    return expect_error(table.ask(SampleResult(np.float64(1.0))), ErrorCode.PROTOCOL)


def reset_idle(table: Table) -> str:
    """Reset is answered with Reset."""
    insist(isinstance(table.ask(Reset()), Reset), "Reset was not answered with Reset")
    return ""


def reset_in_run(table: Table) -> str:
    """Reset gives up a run, and the next one works."""
    first_sample(table)
    insist(isinstance(table.ask(Reset()), Reset), "Reset in a run was not answered with Reset")
    play_run(table)
    return ""


def wrong_answer_in_run(table: Table) -> str:
    """A wrong answer in a run is an Error, and the next run works."""
    first_sample(table)
    expect_error(table.ask(TagResult()), ErrorCode.PROTOCOL)
    play_run(table)
    return ""


def second_client(table: Table) -> str:
    """A second client is refused as Busy while a run is under way, and the run goes on."""
    message: Body = first_sample(table)
    first = table.session()
    with Link(first.link.endpoint, first.timeout) as other:
        other.send(encode(Handshake("another")))
        frame = next((frame for _ in range(100) if (frame := other.receive())), None)
    insist(frame is not None, "the second client got no answer")
    expect_error(decode(frame or b""), ErrorCode.BUSY)
    generator = np.random.default_rng(5)
    while not isinstance(message, RunResult):
        message = table.ask(reply_to(message, generator))
    return ""


def garbage(table: Table) -> str:
    """Bytes that are no message are an Error."""
    for frame in (b"\0", b"GET / HTTP/1.1\r\n\r\n", bytes(64), b"\xff" * 64):
        expect_error(table.ask(frame), ErrorCode.PROTOCOL)
    return ""


def unknown_message(table: Table) -> str:
    """A message of a kind that is not known is an Error."""
    frame = bytearray(write({"body_type": "Reset", "body": {}}))
    places = [place for place in range(8, len(frame)) if frame[place] == 11]
    frame[places[-1]] = 99
    return expect_error(table.ask(bytes(frame)), ErrorCode.PROTOCOL)


def block(table: Table, run: GoldRun) -> GoldBlock:
    """Ask for a block and insist on getting it."""
    answer = table.ask(Run(run), run)
    insist(isinstance(answer, RunResult), f"the answer is a {type(answer).__name__}: {getattr(answer, 'text', '')}")
    return answer.block  # type: ignore[union-attr,return-value]


def gold_block(table: Table) -> str:
    """A block agrees with its request in every count."""
    found = block(table, table.gold_run(50))
    return f"{len(found.x)} rows, {found.draws} draws, {found.probed} probed, {len(found.failures)} failures"


def gold_cut(table: Table) -> str:
    """A row does not depend on how a campaign is cut."""
    whole = table.gold_run(20)
    part = replace(whole, first=2008, theta=whole.theta[8:], alternatives=whole.alternatives[8:], steps=whole.steps[8:])
    one, other = block(table, whole), block(table, part)
    if one.failures:
        return "not decided: events failed"
    for name in ("x", "joint_log_ratio", "joint_score"):
        same = np.array_equal(getattr(one, name)[8:], getattr(other, name), equal_nan=True)
        insist(same, f"{name} of event 2008 on differs when the block begins there")
    return ""


def gold_records(table: Table) -> str:
    """Simulate, Gold and Traces see the same events, and traces add up to the ratios."""
    gold = block(table, table.gold_run(20))
    plain, traced = (block(table, table.gold_run(20, record)) for record in (Recorded.SIMULATE, Recorded.TRACES))
    insist(np.array_equal(gold.x, plain.x, equal_nan=True), "x of Simulate differs from x of Gold")
    insist(np.array_equal(gold.x, traced.x, equal_nan=True), "x of Traces differs from x of Gold")
    rows, log_prob = traced.traces.offsets, traced.traces.log_prob  # type: ignore[union-attr]
    terms = [log_prob[a:b, :1] - log_prob[a:b, 1:] for a, b in pairwise(rows)]
    sums = np.array([term.sum(axis=0) for term in terms])
    insist(np.allclose(sums, gold.joint_log_ratio, rtol=1e-9, atol=1e-12), "traces do not add up to joint_log_ratio")
    return ""


def gold_refusals(table: Table) -> str:
    """Requests that do not fit are refused before anything runs."""
    sound = table.gold_run(2)
    too_many = table.session().described.max_events + 1
    wide = np.hstack([sound.theta, sound.theta[:, :1]])
    wrong = [
        replace(sound, theta=np.full_like(sound.theta, np.nan)),
        replace(sound, theta=wide, alternatives=np.empty((2, 0, wide.shape[1])), steps=np.ones_like(wide)),
        replace(sound, steps=-sound.steps),
    ]
    if table.session().described.parameter_high is not None:
        wrong.append(replace(sound, theta=table.session().described.parameter_high + np.ones_like(sound.theta)))
    if too_many <= 1_000_001:
        wrong.append(table.gold_run(too_many))
    for run in wrong:
        expect_error(table.ask(Run(run)), ErrorCode.BAD_REQUEST, ErrorCode.PROTOCOL)
    return f"{len(wrong)} requests"


def golden_refusals(table: Table) -> str:
    """Every golden mistake in a request is refused."""
    frames = sorted((table.golden / "refused").glob("run_*.bin"))
    for frame in frames:
        expect_error(table.ask(frame.read_bytes()), ErrorCode.BAD_REQUEST, ErrorCode.PROTOCOL)
    return f"{len(frames)} frames"


def fuzz(table: Table) -> str:
    """Mutated frames are answered, and the simulator lives."""
    generator = np.random.default_rng(11)
    sound = [encode(Run(table.gold_run(3))), encode(Handshake("fuzz")), encode(Reset()), encode(Run())]
    errors = 0
    for trial in range(table.fuzz):
        frame = bytearray(sound[trial % len(sound)])
        for _ in range(generator.integers(1, 5)):
            frame[generator.integers(len(frame))] = generator.integers(256)
        answer = table.ask(bytes(frame))
        errors += isinstance(answer, Error)
        if isinstance(answer, Sample | Observe | Tag):
            table.ask(Reset())
    handshake(table)
    return f"{table.fuzz} frames, {errors} refused"


PLAIN: tuple[Step, ...] = (handshake, lockstep, repeat)
STRICT: tuple[Step, ...] = (
    unexpected_idle,
    reset_idle,
    reset_in_run,
    wrong_answer_in_run,
    second_client,
    garbage,
    unknown_message,
)
GOLD: tuple[Step, ...] = (gold_block, gold_cut, gold_records, gold_refusals, golden_refusals)
FUZZ: Step = fuzz
