"""The streams are Philox4x64-10 as published, one for each (seed, event) and use, whatever was drawn before."""

import ast
import re

import numpy as np
import pytest

from motherlode.core import EventStreams, philox_generator
from motherlode.core.streams import USER_STREAMS, Stream

MASK = 2**64 - 1


def philox4x64(counter, key):
    """Ten rounds of Philox4x64 (Salmon et al. 2011) on plain integers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        one, two = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [two >> 64 ^ c[1] ^ k[0], two & MASK, one >> 64 ^ c[3] ^ k[1], one & MASK]
        k = [(k[0] + 0x9E3779B97F4A7C15) & MASK, (k[1] + 0xBB67AE8584CAA73B) & MASK]
    return c


def test_the_reference_gives_random123s_known_answers():
    assert philox4x64([0] * 4, [0] * 2) == [
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    ]
    assert philox4x64([MASK] * 4, [MASK] * 2) == [
        0x87B092C3013FE90B,
        0x438C3C67BE8D0224,
        0x9CC7D7C69CD777B6,
        0xA09CAEBF594F0BA0,
    ]


@pytest.mark.parametrize("stream", [*Stream, USER_STREAMS.start, USER_STREAMS.stop - 1])
@pytest.mark.parametrize(("seed", "event"), [(0, 0), (1, 0), (0, 1), (2**64 - 1, 123_456_789), (42, 2**40)])
def test_known_answers(seed, event, stream):
    words = [word for block in range(1, 4) for word in philox4x64([block, 0, event, 0], [seed, stream])]
    expected = [(word >> 11) * 2.0**-53 for word in words]
    np.testing.assert_array_equal(philox_generator(seed, event, stream).random(12), expected)


def test_a_moved_generator_starts_afresh():
    streams = EventStreams(3)
    for used in (0, 1, 2, 3, 5):
        generator = streams.at(11)
        generator.random(used)
        generator.integers(0, 2**31, dtype=np.int32)
        generator.standard_normal(3)
    generator = streams.at(12)
    fresh = philox_generator(3, 12)
    assert generator.integers(0, 2**31, dtype=np.int32) == fresh.integers(0, 2**31, dtype=np.int32)
    np.testing.assert_array_equal(generator.random(5), fresh.random(5))


def test_no_two_events_share_noise():
    """Seeds from a range of 1e6 would give 51 equal noise streams in 10,000 simulations."""
    streams = EventStreams(0)
    first = {streams.at(event).random() for event in range(20_000)}
    first |= {philox_generator(seed, 0).random() for seed in range(1, 2_000)}
    assert len(first) == 21_999


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_that_is_no_word_is_refused(seed):
    with pytest.raises(ValueError, match="outside"):
        EventStreams(seed)


def test_a_fraction_is_no_seed():
    with pytest.raises(TypeError):
        EventStreams(1.5)


def test_a_negative_event_is_refused():
    with pytest.raises(ValueError, match="first ≥ 0"):
        EventStreams(0).at(-1)


NUMBERS = {"DRAWS": 0, "PROBES": 1, "PROPOSALS": 2, "CHAINS": 3, "TOYS": 4, "REDRAWS": 5, "BLOCKS": 2**32}
ROOMS = {
    "DRAWS": {"gold", "frontends", "ppx"},
    "PROBES": {"gold", "frontends"},
    "PROPOSALS": {"laws", "gold"},
    "CHAINS": {"inference/mcmc"},
    "TOYS": {"inference/frequentist"},
    "REDRAWS": {"frontends"},
    "BLOCKS": {"frontends/pyro"},
}
"""Rooms that make generators of a stream. Those that share one make the same numbers of the same event, on purpose."""


def test_a_stream_keeps_its_number():
    assert {stream.name: int(stream) for stream in Stream} == NUMBERS


def test_no_number_of_the_house_is_free_for_users():
    assert not [stream for stream in Stream if int(stream) in USER_STREAMS]
    assert (
        len({philox_generator(5, 7, stream).random() for stream in (*Stream, *USER_STREAMS[:50])}) == len(Stream) + 50
    )


@pytest.mark.parametrize("stream", [0, 1, 2, 3, 4, 999, 2**32, -1])
def test_a_number_that_is_not_free_is_refused_with_those_that_are(stream):
    with pytest.raises(ValueError, match=r"from 1000 to 4294967295"):
        philox_generator(0, 0, stream)


def test_the_error_names_whose_numbers_they_would_be():
    with pytest.raises(ValueError, match="its chains"):
        philox_generator(0, 0, 3)


def uses(text):
    """Return the streams that a module names, and DRAWS where it makes a generator without a name."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    places = {"philox_generator": 2, "EventStreams": 1}
    made = [(call, places[name]) for call in calls if (name := getattr(call.func, "id", "")) in places]
    given = [[*call.args[place:], *(k.value for k in call.keywords if k.arg == "stream")] for call, place in made]
    assert not [stream for stream in given if stream and not isinstance(stream[0], ast.Attribute | ast.Name)]
    return {*re.findall(r"\bStream\.([A-Z]+)\b", text), *("DRAWS" for stream in given if not stream)}


def test_no_two_uses_share_a_stream(root):
    package = root / "src/motherlode"
    met = set()
    for path in package.rglob("*.py"):
        room, text = path.relative_to(package).as_posix(), path.read_text()
        if room == "core/streams.py":
            continue
        assert not re.search(r"\bPhilox\(", text), f"{room} makes a Philox stream that core.streams does not know"
        for name in uses(text):
            assert any(room.startswith(f"{allowed}/") for allowed in ROOMS[name]), (room, name)
            met.add(name)
    assert met == set(ROOMS) == set(NUMBERS)


def test_cpp_has_the_same_numbers(root):
    header = (root / "src/cpp/include/motherlode/replay.hpp").read_text()
    found = dict(re.findall(r"static constexpr std::uint64_t (\w+) = (\d+);", header))
    assert found == {name: str(NUMBERS[name.upper()]) for name in ("draws", "probes")}
