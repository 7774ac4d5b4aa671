"""What a simulator returns is an array of numbers, or it is refused with what it is and what to return instead."""

import dataclasses
import datetime
from collections import OrderedDict, deque, namedtuple
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

import motherlode
from motherlode.events import EventsError
from motherlode.frontends.errors import OutputRefused

THETA, ALTERNATIVES = np.full((8, 1), 0.2), [[0.5]]
Pair = namedtuple("Pair", "mass width")
pandas = pytest.importorskip("pandas")


@dataclasses.dataclass
class Event:
    mass: float


class Opaque:
    pass


REFUSED = {
    "nothing": (lambda z: None, "returned None", "`return` is missing"),
    "nothing_in_a_branch": (lambda z: z if z > 10 else None, "returned None", "branch that ran"),
    "nothing_in_a_list": (lambda z: [z, None], "returned None", "at place 1"),
    "nothing_in_an_array": (lambda z: np.array([z, None]), "returned None", "at place 1"),
    "dict": (lambda z: {"mass": z}, "dict with the keys mass", "[x[key] for key in KEYS]"),
    "empty_dict": (lambda z: {}, "keys none", "fixed order"),
    "ordered_dict": (lambda z: OrderedDict(a=z, b=1), "OrderedDict with the keys a, b", "array"),
    "dict_in_a_list": (lambda z: [{"mass": z}], "dict with the keys mass", "at place 0"),
    "ragged": (lambda z: [[z, 1.0], [z]], "ragged", "pad the parts"),
    "ragged_arrays": (lambda z: [np.zeros(2), np.zeros(3)], "ragged", "(2,), another (3,)"),
    "number_beside_array": (lambda z: [z, np.zeros(1)], "ragged", "[*a, b]"),
    "ragged_deep": (lambda z: [[[z], [z, z]]], "ragged", "fixed number of summaries"),
    "complex": (lambda z: complex(z, 1.0), "imaginary part", "[x.real, x.imag]"),
    "complex_array": (lambda z: np.fft.fft([z, 1.0, 2.0]), "imaginary part", "abs(x)"),
    "complex_in_a_list": (lambda z: [z, 1j], "imaginary part", "numpy.angle"),
    "complex_scalar": (lambda z: np.complex128(z), "imaginary part", "x.real"),
    "masked": (lambda z: np.ma.array([z, 1.0], mask=[0, 1]), "mask would be dropped", "x.filled(np.nan)"),
    "masked_nowhere": (lambda z: np.ma.array([z, 1.0]), "mask would be dropped", "x.filled(np.nan)"),
    "masked_number": (lambda z: [z, np.ma.masked], "masked array", "x.filled(np.nan)"),
    "text": (lambda z: "red", "text, such as 'red'", "category as its index"),
    "text_of_a_number": (lambda z: f"{z:.2f}", "text", "float(text)"),
    "bytes": (lambda z: b"1.5", "text", "float(text)"),
    "text_in_a_list": (lambda z: [z, "red"], "'red'", "at place 1"),
    "text_array": (lambda z: np.array(["1.0", "2.0"]), "text", "float(text)"),
    "set": (lambda z: {z, 1.0}, "no order", "sorted(x)"),
    "generator": (lambda z: (z for _ in range(3)), "iterator", "list(x)"),
    "map": (lambda z: map(float, [z]), "iterator (map)", "list(x)"),
    "date": (lambda z: datetime.date(2020, 1, 1), "date", "with a unit"),
    "time_span": (lambda z: np.timedelta64(3, "s"), "time span", "with a unit"),
    "dataclass": (lambda z: Event(z), "dataclass Event", "dataclasses.astuple"),
    "structured": (lambda z: np.zeros(1, dtype=[("a", float), ("b", float)]), "fields a, b", "unstructured"),
    "sparse": (lambda z: sparse.csr_matrix([[z]]), "sparse matrix", "x.toarray()"),
    "function": (lambda z: Opaque, "Opaque itself", "Call it"),
    "object": (lambda z: Opaque(), "class Opaque", "list or an array"),
    "frame_with_text": (lambda z: pandas.DataFrame({"a": [z], "b": ["red"]}).to_numpy(), "'red'", "index"),
}

ACCEPTED = {
    "float": (lambda z: z, ()),
    "float32": (lambda z: np.float32(z), ()),
    "bool": (lambda z: z > 0, ()),
    "list": (lambda z: [z, 1, True], (3,)),
    "nested": (lambda z: [[z, 1], (2, 3)], (2, 2)),
    "named_tuple": (lambda z: Pair(z, 1.0), (2,)),
    "fraction": (lambda z: Fraction(1, 3), ()),
    "integers": (lambda z: np.arange(3, dtype=np.uint8), (3,)),
    "series": (lambda z: pandas.Series([z, 1.0]), (2,)),
    "deque": (lambda z: deque([z, 1.0]), (2,)),
    "nan": (lambda z: [z, float("nan")], (2,)),
}


def wrapped(shape):
    return motherlode.wrap(lambda theta, rng: shape(rng.normal(theta[0])), "mu", -1.0, 1.0)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("use", ["mine", "simulate", "check"])
def test_what_is_no_array_of_numbers_is_refused_by_what_it_is(name, use):
    shape, *words = REFUSED[name]
    simulator = wrapped(shape)
    if use == "check":
        report = simulator.check(THETA, ALTERNATIVES)
        assert not report.ok
        said = report.findings[0]
    else:
        with pytest.raises(OutputRefused) as refused:
            getattr(simulator, use)(THETA)
        said = str(refused.value)
    assert [word for word in words if word not in said] == [], said
    assert "bounds" not in said


@pytest.mark.parametrize("name", ACCEPTED)
def test_numbers_in_any_form_are_x(name):
    shape, expected = ACCEPTED[name]
    simulator = wrapped(shape)
    events = simulator.mine(THETA, ALTERNATIVES, seed=3)
    assert events.x.shape == (8, *expected)
    np.testing.assert_array_equal(events.x, simulator.simulate(THETA, seed=3))


@pytest.mark.parametrize("use", ["mine", "simulate"])
def test_a_length_that_changes_from_event_to_event_is_told_with_two_events(use):
    simulator = motherlode.wrap(lambda theta, rng: np.zeros(1 + rng.poisson(3.0)), "mu", -1.0, 1.0)
    with pytest.raises(EventsError, match=r"x has shape \(\d,\) in event \d+ but \(\d,\) in event \d+.*pad x"):
        getattr(simulator, use)(THETA)
