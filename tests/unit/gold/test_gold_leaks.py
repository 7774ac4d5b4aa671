"""The leak check on bare programs: what moves is caught, near alternatives and K = 0 do not blind it."""

import itertools
import math

import numpy as np
import pytest
from programs import ask, chain, run

from motherlode.core import Parameters
from motherlode.gold import is_probed, probe_at, same_output
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged

THETA = np.full(300, 0.5)


def shifted(theta):
    return theta[0] + ask(0, "Normal", 0.0, 1.0)


def stepped(theta):
    return float(ask(0, "Normal", 0.0, 1.0) > theta[0])


def steered(theta):
    return ask(0, "Normal", 0.0, 1.0) if theta[0] < 0.7 else ask(1, "Normal", 0.0, 1.0)


def sized(theta):
    return ask(0, "Normal", theta[0], 1.0, size=3 if theta[0] < 0.7 else 4).sum()


def looped(theta):
    return sum(ask(0, "Normal", theta[0], 1.0) for _ in range(1 + int(5 * theta[0])))


@pytest.mark.parametrize("alternatives", [(), [[0.5 + 1e-5]], [[0.5]], [[0.9]]], ids=str)
@pytest.mark.parametrize(
    ("program", "kind"),
    [(shifted, LeakError), (stepped, LeakError), (steered, ReplayDiverged), (sized, ReplayDiverged),
     (looped, ReplayDiverged)],
)  # fmt: skip
def test_leaks_are_found(program, kind, alternatives):
    with pytest.raises(kind) as raised:
        run(program, THETA, alternatives, low=0.0, high=1.0)
    assert type(raised.value) is kind
    assert raised.value.theta is not None
    assert raised.value.probe is not None
    assert raised.value.event is not None


def test_near_alternatives_alone_would_not_see_it():
    """x = 1[z > θ] at θ±1e-5 differs in one event of 1e5: only the probes have power."""
    sound = 0
    for root in range(20):
        z = run(lambda t: ask(0, "Normal", 0.0, 1.0), THETA, root=root).x
        sound += np.any((z > 0.5) != (z > 0.5 + 1e-5))
    assert sound == 0
    for root in range(20):
        with pytest.raises(LeakError):
            run(stepped, THETA, [[0.5 + 1e-5]], low=0.0, high=1.0, root=root)


def test_without_bounds_probes_come_from_a_box_around_theta():
    with pytest.raises(LeakError):
        run(stepped, THETA, [[0.5 + 1e-5]])


def test_hidden_randomness():
    counter = itertools.count()
    with pytest.raises(HiddenRandomness, match=r"same theta.*program:0") as raised:
        run(lambda t: ask(0, "Normal", t[0], 1.0) + next(counter), THETA)
    error = raised.value
    assert error.event == 0
    np.testing.assert_array_equal(error.probe, error.theta)
    assert error.found == error.expected + 1


def test_what_the_error_holds():
    with pytest.raises(LeakError, match=r"program:0.*Normal\(theta, 1\)") as raised:
        run(shifted, THETA, low=0.0, high=1.0)
    error = raised.value
    assert error.address == "program:0"
    assert error.found - error.expected == pytest.approx(error.probe[0] - error.theta[0])


def test_a_leak_without_any_draw():
    with pytest.raises(LeakError, match="no draw was intercepted") as raised:
        run(lambda t: t[0], THETA)
    assert raised.value.address is None


def test_sound_programs_pass_for_every_seed():
    for root in range(30):
        run(chain, THETA[:50], [[0.9]], low=0.0, high=1.0, root=root)


def test_nan_equals_nan():
    run(lambda t: [np.nan, ask(0, "Normal", t[0], 1.0)], THETA)
    with pytest.raises(LeakError):
        run(lambda t: np.nan if ask(0, "Normal", 0.0, 1.0) > t[0] else 0.0, THETA)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1.0, 1.0, True),
        (np.nan, np.nan, True),
        (1.0, np.nan, False),
        (0.0, -0.0, True),
        (np.inf, -np.inf, False),
        ([1.0, np.nan], [1.0, np.nan], True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-15], False),
        ([1.0], [1.0, 1.0], False),
        ([1.0], 1.0, False),
        ([], [], True),
    ],
)
def test_same_output(a, b, same):
    assert same_output(np.array(a), np.array(b)) is same


def test_shape_of_x_by_theta_is_a_leak():
    with pytest.raises(LeakError):
        run(lambda t: np.zeros(1 + (t[0] > 0.7)) + ask(0, "Normal", 0.0, 1.0), THETA, low=0.0, high=1.0)


def test_which_events_are_probed():
    probed = [event for event in range(1500) if is_probed(event)]
    assert probed == [*range(1000), 1000, 1100, 1200, 1300, 1400]


def test_probes_come_from_stream_one():
    box = np.array([-1.0, 0.0]), np.array([1.0, 10.0])
    point = probe_at(3, 17, box)
    uniform = np.random.Generator(np.random.Philox(key=np.array([3, 1], np.uint64), counter=[0, 0, 17, 0])).random(2)
    np.testing.assert_array_equal(point, [-1.0 + 2.0 * uniform[0], 10.0 * uniform[1]])
    assert len({probe_at(3, event, box)[0] for event in range(100)}) == 100


def test_leaks_after_the_first_thousand_events_are_found():
    def late(theta):
        z = ask(0, "Normal", 0.0, 1.0)
        return z + (theta[0] if theta[1] == 1.0 else 0.0)

    theta = np.tile([0.5, 0.0], (1200, 1))
    theta[1100:, 1] = 1.0
    with pytest.raises(LeakError) as raised:
        run(late, theta, low=(0.0, 0.0), high=(1.0, 1.0))
    assert raised.value.event <= 1100


def test_a_probe_outside_the_domain_loses_no_event():
    """Nobody asked for θ < 0: where bounds are not declared, the simulator may raise at a probe."""

    def root(theta):
        return ask(0, "Normal", math.sqrt(theta[0]), 1.0)

    events = run(root, np.full(50, 0.1))
    assert not events.failures
    assert 0 < events.counts.probed < 50
    assert not events.audit().warnings
    events = run(lambda t: ask(0, "Normal", 1.0 if abs(t[0] - 0.5) < 1e-4 else 1 / 0, 1.0), THETA)
    assert events.counts.probed == 0
    assert any("no event could be probed" in warning for warning in events.audit().warnings)


def test_a_leak_near_theta_is_found_without_bounds_and_with_near_alternatives():
    low, high = Parameters(("a", "b")).probe_box(np.array([[0.5, 100.0]]), np.array([[0.5 + 1e-5, 100.0]]))
    np.testing.assert_allclose(low, [0.0, 50.0])
    np.testing.assert_allclose(high, [1.0 + 1e-5, 150.0])
