"""Laws of the handler stack over a grid of programs: identity, idempotence, hiding, restoration."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from motherlode.core import philox_generator
from motherlode.families import FAMILIES
from motherlode.tracing import ReplayDiverged, block, condition, draw, intern, record, replay, seed
from motherlode.tracing.handlers import _STACK

SITES = [intern(f"law:{i}") for i in range(6)]
LAWS = [
    ("Normal", (0.5, 2.0)),
    ("Poisson", (3.0,)),
    ("Bernoulli", (0.3,)),
    ("Gamma", (2.0, 1.5)),
    ("Categorical", (np.array([1.0, 2.0, 0.5]),)),
    ("Normal", (np.zeros(3), 1.0)),
]

steps = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from([None, 0.0, 1.0])), min_size=0, max_size=8)
keys = st.integers(0, 2**32)


def program(steps):
    """Draw what the steps say; some draws are made only if the one before is positive, some are observed."""
    values = []
    for site, conditional, observed in steps:
        if conditional and values and np.sum(values[-1]) <= 0:
            continue
        name, parameters = LAWS[site]
        data = None if site == 5 else observed
        values.append(draw(SITES[site], FAMILIES[name], parameters, observed=data))
    return [np.copy(value) for value in values]


def recorded(steps, key):
    with seed(philox_generator(key, 0)), record() as kept:
        values = program(steps)
    return values, kept


def same(draws, others):
    return len(draws) == len(others) and all(
        a.site == b.site
        and a.family is b.family
        and a.observed == b.observed
        and np.array_equal(a.value, b.value)
        and all(np.array_equal(p, q) for p, q in zip(a.parameters, b.parameters, strict=True))
        for a, b in zip(draws, others, strict=True)
    )


@settings(deadline=None, max_examples=100)
@given(steps, keys)
def test_replay_of_a_record_is_the_record(steps, key):
    values, kept = recorded(steps, key)
    with record() as outside, replay(kept.draws) as again:
        replayed = program(steps)
    assert all(np.array_equal(a, b) for a, b in zip(values, replayed, strict=True))
    assert same(outside.draws, kept.draws)
    for one, asked in zip(kept.draws, again.asked, strict=True):
        assert all(np.array_equal(p, q) for p, q in zip(one.parameters, asked, strict=True))
    assert kept.trace().diverges_from(outside.trace()) is None
    np.testing.assert_array_equal(kept.trace().log_prob(), outside.trace().log_prob())


@settings(deadline=None, max_examples=60)
@given(steps, keys)
def test_recording_does_not_change_the_program(steps, key):
    with seed(philox_generator(key, 0)):
        bare = program(steps)
    values, _ = recorded(steps, key)
    assert all(np.array_equal(a, b) for a, b in zip(bare, values, strict=True))


@settings(deadline=None, max_examples=60)
@given(steps, keys, st.dictionaries(st.sampled_from([f"law:{i}" for i in range(5)]), st.sampled_from([0.0, 1.0, 2.0])))
def test_condition_is_idempotent(steps, key, fixed):
    def conditioned(times):
        with seed(philox_generator(key, 0)), record() as kept:
            handlers = [condition(fixed) for _ in range(times)]
            for handler in handlers:
                handler.__enter__()
            try:
                program(steps)
            finally:
                for handler in reversed(handlers):
                    handler.__exit__(None, None, None)
        return kept.draws

    once = conditioned(1)
    assert same(once, conditioned(2))
    assert same(once, conditioned(3))
    assert all(d.observed for d in once if f"law:{SITES.index(d.site)}" in fixed)


@settings(deadline=None, max_examples=60)
@given(steps, keys, st.sets(st.integers(0, 5)))
def test_block_hides_exactly_what_it_says(steps, key, hidden):
    addresses = {f"law:{i}" for i in hidden}
    with (
        record() as outside,
        block(lambda d: d.address in addresses),
        seed(philox_generator(key, 0)),
        record() as inside,
    ):
        program(steps)
    assert same(outside.draws, [d for d in inside.draws if SITES.index(d.site) not in hidden])


@settings(deadline=None, max_examples=60)
@given(steps, keys, st.integers(0, 8))
def test_a_shorter_or_longer_program_diverges(steps, key, cut):
    _, kept = recorded(steps, key)
    assume(cut < len(kept.draws))
    with pytest.raises(ReplayDiverged) as raised, replay(kept.draws[:cut]):
        program(steps)
    assert raised.value.position == cut
    extra = [*kept.draws, kept.draws[0]]
    with pytest.raises(ReplayDiverged) as raised, replay(extra):
        program(steps)
    assert raised.value.position == len(kept.draws)


HANDLERS = {
    "seed": lambda: seed(philox_generator(0, 0)),
    "record": record,
    "replay": lambda: replay([]),
    "condition": lambda: condition({"law:0": 1.0}),
    "block": block,
}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(sorted(HANDLERS)), max_size=5), st.integers(0, 5), st.booleans())
def test_the_stack_is_what_it_was(names, depth, fails):
    """Any nesting, left at any depth by an exception or not, restores the stack."""

    def enter(rest, level):
        before = _STACK.get()
        try:
            if not rest or (fails and level == depth):
                if fails:
                    raise LookupError(level)
                return
            with HANDLERS[rest[0]]():
                enter(rest[1:], level + 1)
        finally:
            assert _STACK.get() == before

    try:
        enter(names, 0)
    except LookupError:
        assert fails
    assert _STACK.get() == ()
