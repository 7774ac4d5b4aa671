"""Play a PPX simulator, sound or broken: ``python fake_peer.py MODE ENDPOINT``.

The sound ones run a known model: z ~ Normal(theta, 1), x ~ Normal(z, 0.5), theta in [-2, 2].
"""

import os
import signal
import sys
import time

import numpy as np
import zmq

from motherlode.ppx.format.codec import decode, encode
from motherlode.ppx.format.messages import (
    Described,
    Error,
    FailureEntry,
    GoldBlock,
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
from motherlode.ppx.format.schema import ErrorCode, Tier

DESCRIBED = Described(("gold/1",), "0.1", ("theta",), np.array([-2.0]), np.array([2.0]), Tier.TANGENT, 4096, 1 << 24)


class Peer:
    """Answer requests on a REP socket."""

    def __init__(self, endpoint):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.REP)
        self.socket.linger = 0
        self.socket.bind(endpoint)

    def receive(self):
        return decode(self.socket.recv())

    def send(self, message):
        self.socket.send(encode(message))

    def ask(self, message):
        self.send(message)
        return self.receive()


def greet(peer, simulator=None):
    assert isinstance(peer.receive(), Handshake)
    peer.send(HandshakeResult("fake", "fake model", simulator))


def event(gold, row):
    counter = np.array([0, 0, gold.first + row, 0], np.uint64)
    generator = np.random.Generator(np.random.Philox(key=np.array([gold.seed, 0], np.uint64), counter=counter))
    z = generator.normal(gold.theta[row, 0], 1.0)
    x = generator.normal(z, 0.5)
    score = z - gold.theta[row, 0]
    ratio = [0.5 * (z - other[0]) ** 2 - 0.5 * score**2 for other in gold.alternatives[row]]
    return x, ratio, score


def block_of(gold, failing=()):
    kept = [row for row in range(gold.count) if gold.first + row not in failing]
    columns = [event(gold, row) for row in kept]
    count, alternatives = len(kept), gold.alternatives.shape[1]
    recorded = gold.record != 0
    return GoldBlock(
        gold.first,
        gold.count,
        np.array([x for x, _, _ in columns]),
        np.array([ratio for _, ratio, _ in columns] if recorded else []).reshape(
            count, alternatives if recorded else 0
        ),
        np.array([[score] for _, _, score in columns] if recorded else []).reshape(
            count, -1 if recorded and count else 0
        ),
        draws=2 * count,
        failures=tuple(
            FailureEntry(index, "ValueError: no") for index in failing if index - gold.first in range(gold.count)
        ),
    )


def gold(endpoint, reply, greeting=DESCRIBED):
    peer = Peer(endpoint)
    greet(peer, greeting)
    while True:
        message = peer.receive()
        if isinstance(message, Handshake):
            peer.send(HandshakeResult("fake", "fake model", greeting))
        elif isinstance(message, Run) and message.gold is not None:
            peer.socket.send(reply(message.gold))


def lockstep(endpoint, run):
    peer = Peer(endpoint)
    greet(peer)
    while True:
        message = peer.receive()
        if isinstance(message, Handshake):
            peer.send(HandshakeResult("fake", "fake model"))
        elif isinstance(message, Run):
            run(peer)


def sample(peer, address, family, *parameters, control=True):
    law = tuple(np.array(parameter) for parameter in parameters)
    return float(peer.ask(Sample(address, "", family, law, control)).result)


def plain_run(peer):
    theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
    peer.ask(Tag("t", "t", np.array(theta)))
    z = sample(peer, "z", "Normal", theta, 1.0, control=False)
    peer.ask(Observe("x", "x", "Normal", (np.array(z), np.array(0.5))))
    peer.send(RunResult(np.array(z)))


def result_run(peer):
    theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
    z = sample(peer, "z", "Normal", theta, 1.0)
    peer.send(RunResult(np.array([z, 2 * z])))


def leaking_run(peer):
    theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
    peer.send(RunResult(np.array(theta + sample(peer, "z", "Normal", 0.0, 1.0))))


def diverging_run(peer):
    theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
    for _ in range(2 if theta > 0 else 1):
        z = sample(peer, "z", "Normal", 0.0, 1.0)
    peer.send(RunResult(np.array(z)))


def conditioned_run(peer):
    theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
    peer.ask(Observe("x", "x", "Normal", (np.array(theta), np.array(0.5)), np.array(3.0)))
    peer.send(RunResult(np.array(theta)))


class StockPeer(Peer):
    """Write frames as pyprob_cpp does: no identifier, no extension, progress on stdout, exit on surprise."""

    def receive(self):
        sys.stdout.write("ppx (C++): Executed traces: 1\r")
        return decode(self.socket.recv())

    def send(self, message):
        frame = bytearray(encode(message))
        frame[4:8] = bytes(4)
        self.socket.send(frame)

    def ask(self, message):
        answer = super().ask(message)
        if not isinstance(answer, SampleResult | ObserveResult | TagResult):
            sys.exit(1)
        return answer


def stock(endpoint):
    peer = StockPeer(endpoint)
    while True:
        message = peer.receive()
        if isinstance(message, Handshake):
            peer.send(HandshakeResult("pyprob_cpp 0.2.1 (master:03ff364)", "Gaussian with unknown mean C++"))
        elif isinstance(message, Run):
            mu = sample(peer, "[forward()+0x1a2]__Normal", "Normal", 1.0, 5.0**0.5)
            for _ in range(2):
                peer.ask(Observe("[forward()+0x2b3]__Normal", "", "Normal", (np.array([mu]), np.array([2.0**0.5]))))
            peer.send(RunResult(np.array([mu])))
        else:
            peer.send(Reset())


def stateful(endpoint):
    runs = iter(range(10**6))

    def run(peer):
        theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
        z = sample(peer, "z", "Normal", theta, 1.0)
        peer.send(RunResult(np.array(z + next(runs))))

    lockstep(endpoint, run)


def die_later(gold):
    if gold.first + gold.count > 20:
        sys.stderr.write("about to fail\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    return encode(RunResult(block=block_of(gold)))


def killed(gold):
    if gold.first <= 300 < gold.first + gold.count:
        os.kill(os.getpid(), signal.SIGKILL)
    return encode(RunResult(block=block_of(gold)))


def killed_run(peer):
    theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
    if theta == 1.0:
        os.kill(os.getpid(), signal.SIGKILL)
    peer.send(RunResult(np.array(sample(peer, "z", "Normal", theta, 1.0))))


def slow_run(peer):
    theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
    if theta > 0:
        time.sleep(60)
    peer.send(RunResult(np.array(sample(peer, "z", "Normal", theta, 1.0))))


def endless_run(peer):
    theta = sample(peer, "theta", "Uniform", -2.0, 2.0)
    while True:
        sample(peer, "z", "Normal", theta, 1.0)


def hang_at(gold):
    if gold.first <= 30 < gold.first + gold.count:
        time.sleep(60)
    return encode(RunResult(block=block_of(gold)))


def hang_later(gold):
    if gold.first + gold.count > 20:
        time.sleep(60)
    return encode(RunResult(block=block_of(gold)))


def leak(gold):
    nowhere = np.array([0.5])
    return encode(Error(ErrorCode.LEAK, "", gold.first, "z", gold.theta[0], nowhere, np.array([1.0]), np.array([2.0])))


def refuse_later(gold):
    if gold.first <= 5 < gold.first + gold.count:
        return encode(Error(ErrorCode.BAD_REQUEST, "not this one"))
    return encode(RunResult(block=block_of(gold)))


def shifted(gold):
    block = block_of(gold)
    return GoldBlock(block.first + 1, block.count, block.x, block.joint_log_ratio, block.joint_score)


def garbage(endpoint):
    peer = Peer(endpoint)
    peer.socket.recv()
    peer.socket.send(b"\x10\x00\x00\x00 this is no flatbuffer at all")
    time.sleep(60)


def stubborn(endpoint):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gold(endpoint, lambda request: encode(RunResult(block=block_of(request))))


def exits(endpoint):
    sys.stderr.write("cannot read detector.cfg\n")
    sys.exit(3)


MODES = {
    "gold": lambda endpoint: gold(endpoint, lambda request: encode(RunResult(block=block_of(request)))),
    "failing": lambda endpoint: gold(endpoint, lambda request: encode(RunResult(block=block_of(request, (3, 7))))),
    "all_failing": lambda endpoint: gold(
        endpoint, lambda request: encode(RunResult(block=block_of(request, range(99))))
    ),
    "dies": lambda endpoint: gold(endpoint, die_later),
    "killed": lambda endpoint: gold(endpoint, killed),
    "killed_plain": lambda endpoint: lockstep(endpoint, killed_run),
    "hangs_at": lambda endpoint: gold(endpoint, hang_at),
    "slow": lambda endpoint: lockstep(endpoint, slow_run),
    "endless": lambda endpoint: lockstep(endpoint, endless_run),
    "hangs": lambda endpoint: gold(endpoint, hang_later),
    "leaks": lambda endpoint: gold(endpoint, leak),
    "refuses": lambda endpoint: gold(endpoint, refuse_later),
    "shifted": lambda endpoint: gold(endpoint, lambda request: encode(RunResult(block=shifted(request)))),
    "noise": lambda endpoint: gold(endpoint, lambda request: b"\xff" * 100),
    "plain": lambda endpoint: lockstep(endpoint, plain_run),
    "result": lambda endpoint: lockstep(endpoint, result_run),
    "leaking": lambda endpoint: lockstep(endpoint, leaking_run),
    "diverging": lambda endpoint: lockstep(endpoint, diverging_run),
    "conditioned": lambda endpoint: lockstep(endpoint, conditioned_run),
    "stateful": stateful,
    "stock": stock,
    "garbage": garbage,
    "stubborn": stubborn,
    "exits": exits,
    "silent": lambda endpoint: time.sleep(60),
}

if __name__ == "__main__":
    MODES[sys.argv[1]](sys.argv[2])
