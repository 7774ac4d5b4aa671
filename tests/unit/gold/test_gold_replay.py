"""Gold against closed forms, and what mining does with everything that is not gold."""

import numpy as np
import pytest
from programs import MIXED, ask, chain, mixed, run

from motherlode.core import Parameters
from motherlode.events import EventsError
from motherlode.families import FAMILIES
from motherlode.tracing import MissingRandomness, SimulatorFailed

N = 400
THETA = np.linspace(-1.0, 1.0, N)


def normal(value, mean, stddev):
    return FAMILIES["Normal"].log_prob(value, mean, stddev)


def test_ratio_and_score_of_the_chain():
    """The score of a latent: the score is (z-θ)/σ², not (x-θ)/σ²."""
    events = run(chain, THETA, [[0.0], [3.0]], traces=True)
    z = np.array([trace[0].value for trace in events.traces])
    expected = normal(z, THETA, 2.0)[:, None] - normal(z[:, None], [0.0, 3.0], 2.0)
    np.testing.assert_allclose(events.joint_log_ratio, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(events.joint_score[:, 0], (z - THETA) / 4, rtol=0, atol=1e-9)
    assert events.counts.score_discrepancy < 1e-8
    assert (events.counts.draws, events.counts.probed) == (2 * N, N)


def test_traces_carry_log_probs_at_every_parameter():
    events = run(mixed, np.tile([0.3, 1.1], (50, 1)), [[0.0, 1.0], [-0.5, 0.4]], traces=True, parameters=MIXED)
    for i, trace in enumerate(events.traces):
        totals = trace.log_prob()
        np.testing.assert_allclose(totals[0] - totals[1:], events.joint_log_ratio[i], rtol=0, atol=1e-11)
        for branching in trace:
            family = FAMILIES[branching.family]
            np.testing.assert_allclose(family.log_prob(branching.value, *branching.parameters), branching.log_prob[0])


def test_no_alternatives_still_give_scores():
    events = run(chain, THETA)
    assert events.joint_log_ratio.shape == (N, 0)
    assert np.isfinite(events.joint_score).all()


def test_rows_do_not_depend_on_the_cut():
    whole = run(mixed, np.tile([0.3, 1.1], (700, 1)), [[0.0, 1.0]], parameters=MIXED)
    parts = [
        run(mixed, np.tile([0.3, 1.1], (n, 1)), [[0.0, 1.0]], parameters=MIXED, first=first)
        for first, n in ((0, 1), (1, 511), (512, 188))
    ]
    joined = type(whole).concatenate(parts)
    assert joined.same_as(whole)


def test_arrays_equal_a_loop_of_scalars():
    def array(theta):
        return ask(0, "Normal", theta[0] * np.arange(3.0), 1.5).sum()

    def loop(theta):
        return sum(ask(0, "Normal", theta[0] * i, 1.5) for i in np.arange(3.0))

    one, other = run(array, THETA, [[0.3]]), run(loop, THETA, [[0.3]])
    np.testing.assert_allclose(one.x, other.x, rtol=1e-14)
    np.testing.assert_allclose(one.joint_log_ratio, other.joint_log_ratio, atol=1e-12)
    np.testing.assert_allclose(one.joint_score, other.joint_score, atol=1e-12)


def test_no_draws_no_information():
    events = run(lambda theta: 1.0, THETA, [[0.0]])
    assert not events.joint_log_ratio.any()
    assert not events.joint_score.any()


@pytest.mark.parametrize("theta", [0.0, 1e-7, 1.0, 1.0 - 1e-7])
def test_the_score_never_leaves_the_bounds(theta):
    def guarded(point):
        if not 0.0 <= point[0] <= 1.0:
            raise ValueError(point[0])
        return ask(0, "Normal", np.sin(3 * point[0]), 1.0)

    events = run(guarded, [theta] * 20, low=0.0, high=1.0, traces=True)
    assert not events.failures
    z = np.array([trace[0].value for trace in events.traces])
    expected = (z - np.sin(3 * theta)) * 3 * np.cos(3 * theta)
    np.testing.assert_allclose(events.joint_score[:, 0], expected, rtol=0, atol=2e-8)


@pytest.mark.parametrize(("low", "high", "theta"), [(999.9999, 1000.0001, 1000.0), (-1e-3, 1e-3, 0.0), (0.0, 1e6, 3e5)])
def test_scores_on_odd_scales(low, high, theta):
    width = high - low
    events = run(lambda p: ask(0, "Normal", (p[0] - low) / width, 1.0), [theta] * 20, low=low, high=high, traces=True)
    z = np.array([trace[0].value for trace in events.traces])
    np.testing.assert_allclose(events.joint_score[:, 0] * width, z - (theta - low) / width, rtol=1e-6, atol=1e-7)


def test_failures_are_recorded_not_retried():
    """One exception loses one event, and nobody draws it again."""

    def fragile(theta):
        z = ask(0, "Normal", theta[0], 1.0)
        if z > 1.5:
            raise OverflowError(f"z={z:.3f}")
        return z

    events = run(fragile, THETA, [[0.0]])
    lost = [failure.event for failure in events.failures]
    assert sorted([*lost, *events.event.tolist()]) == list(range(N))
    assert 5 < len(lost) < 100
    assert all(f.reason.startswith("OverflowError: z=") and f.seed == 1 for f in events.failures)
    assert [f.theta for f in events.failures] == [(THETA[i],) for i in lost]
    sound = run(lambda theta: ask(0, "Normal", theta[0], 1.0), THETA, [[0.0]])
    np.testing.assert_array_equal(sound.x[events.event], events.x)
    assert any("truncated" in warning for warning in events.audit().warnings)


def test_one_failure_of_a_thousand_loses_one():
    """One exception does not lose the other events."""

    def once(theta):
        z = ask(0, "Normal", theta[0], 1.0)
        if theta[0] == 0.9:
            raise RuntimeError("no")
        return z

    theta = np.zeros(1000)
    theta[900] = 0.9
    events = run(once, theta)
    assert len(events) == 999
    assert [failure.event for failure in events.failures] == [900]


def test_a_block_of_failures_loses_only_itself():
    events = run(lambda t: ask(0, "Normal", 0.0, 1.0) / (t[0] > 0), np.repeat([0.0, 1.0], 600))
    assert len(events) + len(events.failures) == 1200


def test_all_failed():
    def never(theta):
        raise RuntimeError("broken pipe")

    with pytest.raises(SimulatorFailed, match=r"all 700 events.*theta=\[0\.5\].*RuntimeError: broken pipe") as raised:
        run(never, [0.5] * 700)
    assert raised.value.events == 700


def test_undefined_densities_are_failures_with_the_parameters():
    events = run(lambda t: ask(0, "Normal", 0.0, abs(t[0]) or -1.0, observed=0.5), [0.0, 1.0], [[1.0]])
    assert [f.event for f in events.failures] == [0]
    assert "Normal(mean=0, stddev=-1), where mean finite, stddev > 0 is needed" in events.failures[0].reason
    events = run(lambda t: ask(0, "Poisson", t[0]), [1.0, 2.0], np.array([[[1.0]], [[-3.0]]]))
    assert [f.event for f in events.failures] == [1]
    assert "Poisson(rate=-3)" in events.failures[0].reason


def test_infinite_densities_are_failures_not_nan():
    events = run(lambda t: ask(0, "Gamma", 0.001 * t[0], 1.0), [1.0] * 300, [[2.0]])
    assert 0 < len(events.failures) < 300
    assert "has value 0, where Gamma(concentration=0.001, rate=1)" in events.failures[0].reason
    assert np.isfinite(events.joint_log_ratio).all()


def test_impossible_at_an_alternative_is_plus_infinity():
    def uniform(theta):
        return ask(0, "Uniform", 0.0, theta[0])

    events = run(uniform, [2.0] * N, [[1.0], [4.0]])
    np.testing.assert_array_equal(events.joint_log_ratio[:, 0], np.where(events.x > 1, np.inf, np.log(0.5)))
    np.testing.assert_allclose(events.joint_log_ratio[:, 1], np.log(2.0))
    assert events.audit().impossible == ((events.x > 1).sum(), 0)


@pytest.mark.parametrize(
    "program",
    [
        lambda t: ask(0, "Uniform", 0.0, 3.0 + t[0]),
        lambda t: ask(0, "Uniform", t[0], 3.0),
        lambda t: ask(0, "Binomial", 5 + np.floor(1e6 * t[0]), 0.5),
        lambda t: (ask(1, "Normal", t[0], 1.0), ask(0, "Uniform", 0.0, 3.0 + t[0]))[1],
    ],
)
def test_moving_supports_have_a_ratio_but_no_score(program):
    events = run(program, [0.5] * 50, [[0.25]])
    assert np.isnan(events.joint_score).all()
    assert not events.score_valid
    assert not np.isnan(events.joint_log_ratio).any()


def test_one_moving_parameter_takes_the_whole_score():
    events = run(lambda t: ask(0, "Normal", t[0], 1.0) + ask(1, "Uniform", 0.0, t[1]), [[0.5, 2.0]] * 5)
    assert np.isnan(events.joint_score).all()


def test_fixed_supports_do_not_move():
    events = run(lambda t: ask(0, "Uniform", 0.0, 3.0) + ask(1, "Binomial", 5, 0.5 * t[0]), [0.5] * 50, [[0.25]])
    assert np.isfinite(events.joint_score).all()


def test_rough_parameters_show_in_the_discrepancy():
    events = run(lambda t: ask(0, "Normal", np.round(t[0], 5), 1.0), np.linspace(0.1, 0.9, 50))
    assert events.counts.score_discrepancy > 1e-2
    assert any("not smooth" in warning for warning in events.audit().warnings)


def test_nan_outputs_are_kept():
    events = run(lambda t: ask(0, "Normal", t[0], 1.0) if ask(1, "Bernoulli", 0.5) else np.nan, THETA)
    assert not events.failures
    assert 100 < events.audit().nonfinite_x < 300


def test_shapes_must_not_change():
    with pytest.raises(EventsError, match=r"x has shape \(\d,\) in event \d+ but \(\d,\) in event \d+.*pad x"):
        run(lambda t: np.zeros(1 + int(ask(0, "Bernoulli", 0.5))), THETA)


def test_draws_that_nobody_answers_stop_everything():
    from motherlode.tracing import block

    def hidden(theta):
        with block():
            return ask(0, "Normal", 0.0, 1.0)

    with pytest.raises(MissingRandomness):
        run(hidden, [0.0])


def test_one_event_alone_is_enough():
    assert len(run(chain, [0.5], [[0.1]])) == 1


def test_every_draw_counts():
    """No draw is left out of log p: an observed draw and one that θ does not touch are in z or x."""
    events = run(
        lambda t: (ask(0, "Normal", t[0], 1.0, observed=2.0), ask(1, "Normal", 0.0, 1.0), ask(2, "Poisson", t[0]))[0],
        [1.0] * 10,
        [[3.0]],
        traces=True,
    )
    trace = events.traces[0]
    assert [b.observed for b in trace] == [True, False, False]
    expected = sum(
        FAMILIES[b.family].log_prob(b.value, *([1.0, 1.0] if i == 0 else b.parameters)) for i, b in enumerate(trace)
    )
    assert trace.log_prob()[0] == pytest.approx(expected)


def test_a_score_that_cannot_be_computed_is_an_error_not_zero():
    """A gradient that fails is an error, never zero."""

    def brittle(theta):
        if theta[0] != 0.5:
            raise FloatingPointError("only at one half")
        return ask(0, "Normal", theta[0], 1.0)

    with pytest.raises(SimulatorFailed, match="FloatingPointError"):
        run(brittle, [0.5] * 3, parameters=Parameters(("p",), (0.0,), (1.0,)))


def test_global_state_is_as_before():
    """The collector's threshold, too, when several threads mine at once and end in any order."""
    import gc
    from concurrent.futures import ThreadPoolExecutor

    before = gc.get_threshold(), np.geterr()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: run(chain, np.zeros(n)), [20, 5, 40, 10]))
    assert (gc.get_threshold(), np.geterr()) == before


def test_mining_inside_a_run_is_no_part_of_it():
    from motherlode.core import philox_generator
    from motherlode.tracing import record, seed

    with seed(philox_generator(0, 0)), record() as outside:
        inner = run(chain, THETA[:5])
    assert outside.draws == []
    assert inner.same_as(run(chain, THETA[:5]))
