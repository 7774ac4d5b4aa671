"""Simulators that leak θ past their draws are caught, named and told what to write instead.

The audit cannot see them: log r = 0 always, E[r] = 1 and E[t] = 0 hold, and every answer is silently wrong.
"""

import numpy as np
import pytest

import motherlode
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged

HERE = "tests/frontends/test_leaks.py"
THETA = np.full((200, 1), 0.5)


def reparameterized(theta, rng):
    return theta[0] + rng.normal()


def inverse_cdf(theta, rng):
    return -np.log(rng.random()) / theta[0]


def hidden(theta, rng):
    return rng.normal(theta[0], 1.0) + np.random.normal(0.0, 0.1)  # noqa: NPY002


def thresholded(theta, rng):
    return float(rng.normal() > theta[0])


def steered(theta, rng):
    if theta[0] > 0.7:
        return rng.normal(1.0, 1.0)
    return rng.normal(0.0, 1.0)


def sized(theta, rng):
    return rng.normal(theta[0], 1.0, size=3 + int(4 * theta[0])).mean()


def swallowing(theta, rng):
    try:
        return rng.normal(0.0, 1.0) if theta[0] > 0.7 else rng.poisson(1.0)
    except Exception:  # noqa: BLE001
        return 0.0


def settled_then_compared(theta, rng):
    u = rng.random()
    return float(u * u < theta[0])


def array_of_uniforms_as_numbers(theta, rng):
    return float(np.sum(rng.random(5) ** 2 < theta[0]))


def line(function, offset=1):
    return f"{HERE}:{function.__name__}:{function.__code__.co_firstlineno + offset}"


def wrapped(function, low=0.1, high=1.0):
    return motherlode.wrap(function, "theta", low, high)


ALTERNATIVES = {"none": None, "near": [[0.5 + 1e-5]], "same": [[0.5]], "far": [[0.9]]}

DEMANDED = [
    (reparameterized, LeakError, "draw x from Normal(theta, 1) instead of adding theta"),
    (inverse_cdf, LeakError, "rng.exponential(1/theta) instead of -log(rng.random())/theta"),
    (hidden, HiddenRandomness, "Take every random number from the `rng` argument"),
]


@pytest.mark.parametrize("alternatives", ALTERNATIVES.values(), ids=ALTERNATIVES)
@pytest.mark.parametrize(("simulator", "kind", "remedy"), DEMANDED, ids=lambda v: getattr(v, "__name__", ""))
def test_leaks_are_named_with_a_remedy(simulator, kind, remedy, alternatives):
    with pytest.raises(LeakError) as raised:
        wrapped(simulator).mine(THETA, alternatives, seed=1)
    error = raised.value
    assert type(error) is kind
    assert error.address == line(simulator)
    assert not np.array_equal(error.expected, error.found)
    text = str(error)
    assert f"after the last draw at {line(simulator)}" in text
    assert f"x={error.expected:.6g}" in text
    assert f"x={error.found:.6g}" in text
    assert remedy in text
    assert "\n" not in text


@pytest.mark.parametrize("alternatives", ALTERNATIVES.values(), ids=ALTERNATIVES)
@pytest.mark.parametrize("simulator", [thresholded, settled_then_compared, array_of_uniforms_as_numbers])
def test_comparisons_with_theta_are_caught_by_probes(simulator, alternatives):
    with pytest.raises(LeakError):
        wrapped(simulator).mine(THETA, alternatives, seed=1)


@pytest.mark.parametrize("alternatives", ALTERNATIVES.values(), ids=ALTERNATIVES)
@pytest.mark.parametrize("simulator", [steered, sized, swallowing])
def test_control_flow_by_theta_diverges(simulator, alternatives):
    with pytest.raises(ReplayDiverged, match="path changed on replay at theta=") as raised:
        wrapped(simulator).mine(THETA, alternatives, seed=1)
    error = raised.value
    assert error.event is not None
    assert error.position == 0
    assert HERE in error.expected_draw
    assert HERE in error.found_draw


def test_the_audit_alone_would_not_have_seen_it(monkeypatch):
    """Without probes the reparameterized simulator passes every identity."""
    from motherlode.gold import replay, runs

    monkeypatch.setattr(replay, "is_probed", lambda event: False)
    monkeypatch.setattr(runs, "same_output", lambda a, b: True)
    events = wrapped(reparameterized).mine(THETA, [[0.9]], seed=1)
    assert not events.joint_log_ratio.any()
    assert events.audit().ok


@pytest.mark.parametrize(("simulator", "kind", "remedy"), DEMANDED, ids=lambda v: getattr(v, "__name__", ""))
def test_check_reports_instead_of_raising(simulator, kind, remedy):
    report = wrapped(simulator).check(THETA[:20])
    assert not report.ok
    assert simulator.__name__ in " ".join(report.findings)


@pytest.mark.parametrize(
    "sound",
    [
        lambda theta, rng: rng.normal(theta[0], 1.0),
        lambda theta, rng: rng.exponential(1 / theta[0]),
        lambda theta, rng: float(rng.random() < theta[0]),
        lambda theta, rng: float(1 - rng.random() > theta[0]),
        lambda theta, rng: 3.0 * rng.random() - 1.0,
    ],
)
def test_the_remedies_are_sound(sound):
    assert wrapped(sound).mine(THETA, [[0.9]], seed=1).counts.probed == 200


def test_moving_supports_have_ratios_but_no_score():
    def bounds(theta, rng):
        return float(rng.uniform(0.0, theta[0]))

    def total_count(theta, rng):
        return rng.binomial(5 + int(np.floor(1e6 * theta[0])) % 7, 0.5)

    def used_after_a_branch(theta, rng):
        u = rng.random()
        return float(u) if u < theta[0] else -1.0

    for simulator in (bounds, total_count):
        events = wrapped(simulator).mine(THETA, [[0.9]], seed=1)
        assert np.isnan(events.joint_score).all()
        assert not np.isnan(events.joint_log_ratio).any()
    events = wrapped(used_after_a_branch).mine(THETA, [[0.9]], seed=1)
    np.testing.assert_array_equal(np.isnan(events.joint_score[:, 0]), events.x >= 0)
    right = np.where(events.x >= 0, 0.0, np.log(0.5) - np.log(0.1))
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], right, rtol=0, atol=1e-12)


def test_impossible_is_not_leaking():
    def bounds(theta, rng):
        return float(rng.uniform(0.0, theta[0]))

    events = wrapped(bounds).mine(THETA, [[0.25]], seed=1)
    np.testing.assert_array_equal(events.joint_log_ratio[:, 0], np.where(events.x > 0.25, np.inf, np.log(0.5)))
    assert events.audit().impossible[0] == (events.x > 0.25).sum() > 0


def test_a_branch_impossible_at_the_alternative():
    def gate(theta, rng):
        return float(rng.random() < max(0.0, theta[0] - 0.3))

    events = wrapped(gate).mine(THETA, [[0.2]], seed=1)
    expected = np.where(events.x == 1, np.inf, np.log(0.8))
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], expected)
