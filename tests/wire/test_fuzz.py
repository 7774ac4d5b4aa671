"""No mutated frame crashes or hangs the decoder, and none whose counts disagree is accepted."""

import resource

import numpy as np
import pytest
from golden import frame, names
from hypothesis import given, settings
from hypothesis import strategies as st
from test_golden import asked

from motherlode.ppx.errors import ProtocolError
from motherlode.ppx.format.codec import decode
from motherlode.ppx.format.messages import Observe, RunResult, Sample

FRAMES = {name: frame("accepted", name) for name in names("accepted")}


def assert_sound(message, request):
    """Whatever was accepted must agree with itself and with the request."""
    if isinstance(message, Sample | Observe):
        assert message.address
    if not isinstance(message, RunResult) or message.block is None:
        return
    block = message.block
    rows = block.count - len(block.failures)
    assert (block.first, block.count) == (4000, request.count)
    assert len(block.x) == rows
    assert block.joint_log_ratio.shape == (rows, 1)
    assert block.joint_score.shape == (rows, 2)
    if block.traces is not None:
        traces = block.traces
        draws = len(traces.value)
        assert traces.offsets[-1] == draws == len(traces.site)
        assert draws == 0 or traces.log_prob.shape == (draws, 2)
        assert (np.diff(traces.offsets) >= 0).all()
        assert (traces.site < len(traces.sites)).all()


def attempt(name, mutated):
    request = asked(name) if name.startswith("run_result") else None
    try:
        message = decode(bytes(mutated), request)
    except ProtocolError:
        return 0
    assert_sound(message, asked(name))
    return 1


@settings(max_examples=800, deadline=1000)
@given(
    st.sampled_from(sorted(FRAMES)),
    st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 4096),
)
def test_mutated_frames(name, changes, cut):
    mutated = bytearray(FRAMES[name])
    for place, byte in changes:
        mutated[place % len(mutated)] = byte
    attempt(name, mutated[: cut or None])


@settings(max_examples=200, deadline=1000)
@given(st.binary(max_size=512))
def test_garbage(garbage):
    attempt("garbage", garbage)


def mutate(generator, original):
    mutated = bytearray(original)
    for _ in range(generator.integers(1, 6)):
        place, how = generator.integers(len(mutated)), generator.integers(4)
        word = place - place % 4
        if how == 0:
            mutated[place] = generator.integers(256)
        elif how == 1:
            mutated[word : word + 4] = int(generator.integers(1 << 32)).to_bytes(4, "little")
        elif how == 2:
            mutated[word : word + 4] = int(generator.choice([0, 1, 2, 4, 0xFFFFFFFF, 0x7FFFFFFF])).to_bytes(4, "little")
        else:
            del mutated[len(mutated) - int(generator.integers(1, 9)) :]
        if len(mutated) < 4:
            break
    return mutated


def fuzz(frames, seed):
    generator = np.random.default_rng(seed)
    kinds = sorted(FRAMES)
    accepted = 0
    for index in range(frames):
        name = kinds[index % len(kinds)]
        accepted += attempt(name, mutate(generator, FRAMES[name]))
    return accepted


def test_many_mutations():
    assert 0 < fuzz(10_000, seed=1) < 10_000


@pytest.mark.slow
def test_more_mutations_in_constant_memory():
    fuzz(20_000, seed=3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert 0 < fuzz(250_000, seed=2) < 250_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
