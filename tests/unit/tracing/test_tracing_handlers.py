"""The stack of handlers: who answers, who sees, what is restored."""

import threading
from contextvars import copy_context

import numpy as np
import pytest

from motherlode.families import FAMILIES
from motherlode.tracing import (
    Handler,
    MissingRandomness,
    ReplayDiverged,
    Trace,
    block,
    condition,
    draw,
    intern,
    record,
    replay,
    seed,
    stream,
)
from motherlode.tracing.handlers import _STACK

NORMAL, POISSON, CATEGORICAL = (FAMILIES[name] for name in ("Normal", "Poisson", "Categorical"))
A, B, C = (intern(f"test:{name}") for name in "abc")


def rng(key=1):
    return np.random.default_rng(key)


def two():
    a = draw(A, NORMAL, (0.0, 1.0))
    return a + draw(B, NORMAL, (a, 2.0))


def recorded(program=two):
    with seed(rng()), record() as kept:
        program()
    return kept


def test_nobody_answers():
    with pytest.raises(MissingRandomness, match=r"test:a \(Normal\) has no value.*seed\(generator\)") as raised:
        draw(A, NORMAL, (0.0, 1.0))
    assert (raised.value.address, raised.value.family) == ("test:a", "Normal")
    with pytest.raises(MissingRandomness, match="no `seed` handler"):
        stream()


def test_seed_answers_from_its_stream():
    with seed(rng()):
        assert draw(A, NORMAL, (1.0, 2.0)) == rng().normal(1.0, 2.0)
    with seed(rng(1)), seed(rng(2)):
        assert stream().random() == rng(2).random()


def test_own_sampler_goes_before_the_stream():
    with seed(rng()):
        assert draw(A, NORMAL, (0.0, 1.0), sampler=lambda x: x, arguments=(7.0,)) == 7.0


def test_record_sees_in_order():
    draws = recorded().draws
    assert [(d.site, d.family.name, d.observed) for d in draws] == [(A, "Normal", False), (B, "Normal", False)]
    assert draws[1].parameters == (draws[0].value, 2.0)


def test_trace_of_a_record():
    trace = recorded().trace()
    assert isinstance(trace, Trace)
    assert [b.address for b in trace] == ["test:a", "test:b"]
    expected = NORMAL.log_prob(trace[0].value, 0.0, 1.0) + NORMAL.log_prob(trace[1].value, trace[0].value, 2.0)
    np.testing.assert_allclose(trace.log_prob(), [expected], rtol=1e-15)
    assert trace.diverges_from(trace) is None


def test_repetitions_are_counted():
    def again():
        return [draw(A, NORMAL, (0.0, 1.0)) for _ in range(3)]

    assert [b.address for b in recorded(again).trace()] == ["test:a", "test:a[1]", "test:a[2]"]


def test_traces_part_where_values_differ():
    one = recorded().trace()
    with seed(rng(5)), record() as kept, condition({"test:a": one[0].value}):
        two()
    assert one.diverges_from(kept.trace()) == 1
    assert one.diverges_from(Trace(one[:1])) == 1


def test_a_program_may_change_its_arrays():
    def inplace():
        mean = np.zeros(2)
        for _ in range(2):
            z = draw(A, NORMAL, (mean, 1.0))
            mean += z
            z *= 100.0
        return mean

    draws = recorded(inplace).draws
    np.testing.assert_array_equal(draws[0].parameters[0], [0.0, 0.0])
    np.testing.assert_array_equal(draws[1].parameters[0], draws[0].value)
    with replay(draws) as again:
        first = inplace()
    with replay(draws):
        np.testing.assert_array_equal(inplace(), first)
    np.testing.assert_array_equal(again.asked[0][0], [0.0, 0.0])


def test_condition_fixes_and_marks():
    with seed(rng()), record() as kept, condition({"test:b": 5.0}):
        two()
    assert [(d.value, d.observed) for d in kept.draws][1] == (5.0, True)
    with seed(rng()), condition({"test:a": 1.0}), condition({"test:a": 2.0}), record() as kept:
        two()
    assert kept.draws[0].value == 2.0


def test_a_falsy_value_is_a_value():
    with condition({"test:a": 0.0, "test:b": 0.0}):
        assert two() == 0.0


def test_observed_draws_keep_their_value():
    with seed(rng()), record() as kept:
        assert draw(A, NORMAL, (0.0, 1.0), observed=3.0) == 3.0
    assert kept.draws[0].observed


def test_block_hides_what_it_says():
    with record() as outer, block(lambda d: d.address == "test:a"), seed(rng()), record() as inner:
        two()
    assert [d.site for d in inner.draws] == [A, B]
    assert [d.site for d in outer.draws] == [B]


def test_handlers_see_from_the_inside_out_and_back():
    seen = []

    class Watch(Handler):
        def __init__(self, name):
            self.name = name

        def process(self, draw):
            seen.append(f"{self.name}>")

        def postprocess(self, draw):
            seen.append(f"<{self.name}")

    with seed(rng()), Watch("outer"), Watch("inner"):
        draw(A, NORMAL, (0.0, 1.0))
    assert seen == ["inner>", "outer>", "<outer", "<inner"]


@pytest.mark.parametrize("handler", [lambda: seed(rng()), record, lambda: replay([]), lambda: condition({}), block])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit, None])
def test_the_stack_is_restored(handler, error):
    before = _STACK.get()

    def use():
        with handler():
            assert len(_STACK.get()) == len(before) + 1
            if error:
                raise error

    if error:
        with pytest.raises(error):
            use()
    else:
        use()
    assert _STACK.get() == before


def test_a_handler_may_be_entered_twice():
    kept = record()
    with seed(rng()), kept, kept:
        draw(A, NORMAL, (0.0, 1.0))
    assert len(kept.draws) == 2
    assert _STACK.get() == ()


def test_threads_and_contexts_do_not_see_each_other():
    seen = []
    with seed(rng()):
        thread = threading.Thread(target=lambda: seen.append(_STACK.get()))
        thread.start()
        thread.join()
        copy_context().run(lambda: seed(rng()).__enter__())
        assert len(_STACK.get()) == 1
    assert seen == [()]


@pytest.mark.parametrize(
    ("program", "position", "expected", "found"),
    [
        (lambda: draw(B, NORMAL, (0.0, 1.0)), 0, "test:a (Normal)", "test:b (Normal)"),
        (lambda: draw(A, POISSON, (1.0,)), 0, "test:a (Normal)", "test:a (Poisson)"),
        (lambda: draw(A, NORMAL, (0.0, 1.0)), 1, "test:b (Normal)", None),
        (lambda: (two(), draw(C, NORMAL, (0.0, 1.0))), 2, None, "test:c (Normal)"),
        (
            lambda: draw(A, NORMAL, (0.0, 1.0), size=2),
            0,
            "test:a (Normal of shape ())",
            "test:a (Normal of shape (2,))",
        ),
        (lambda: draw(A, NORMAL, (np.zeros(1), 1.0)), 0, None, None),
    ],
)
def test_replay_notices_another_path(program, position, expected, found):
    with pytest.raises(ReplayDiverged) as raised, replay(recorded().draws):
        program()
    error = raised.value
    assert error.position == position
    if expected or found:
        assert (error.expected_draw or "").startswith(expected or "")
        assert (error.expected_draw is None) == (expected is None)
        assert error.found_draw == found or (found and error.found_draw.startswith(found.split(" (")[0]))
    assert error.address == (None if position == 0 else "test:a" if position == 1 else "test:b")
    assert "if rng.random() < p(theta)" in str(error)


def test_replay_counts_categories():
    def choose(n):
        return draw(A, CATEGORICAL, (np.ones(n),))

    with (
        pytest.raises(ReplayDiverged, match=r"of shape \(3,\).*of shape \(4,\)"),
        replay(recorded(lambda: choose(3)).draws),
    ):
        choose(4)


def test_a_swallowed_divergence_comes_back():
    def stubborn():
        try:
            return draw(B, NORMAL, (0.0, 1.0))
        except Exception:  # noqa: BLE001
            return 0.0

    with pytest.raises(ReplayDiverged), replay(recorded().draws):
        stubborn()
    with pytest.raises(ReplayDiverged), replay(recorded().draws):
        stubborn()
        raise ValueError
    with pytest.raises(KeyboardInterrupt), replay(recorded().draws):
        stubborn()
        raise KeyboardInterrupt
