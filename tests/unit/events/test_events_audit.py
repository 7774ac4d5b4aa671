"""The audit passes right gold, fails wrong gold, and says when it cannot tell."""

from dataclasses import replace

import numpy as np
import pytest

from motherlode.events import Counts, Events, Failure
from motherlode.store import EventStore


def normal_events(n=20_000, theta=0.3, other=0.5, sigma=1.0, seed=0):
    """x ~ Normal(θ, σ), no latents: gold in closed form."""
    x = np.random.default_rng(seed).normal(theta, sigma, n)
    ratio = (-((x - theta) ** 2) + (x - other) ** 2) / (2 * sigma**2)
    thetas = np.full((n, 1), theta)
    others = np.full((n, 1, 1), other)
    return Events(thetas, others, x, ratio[:, None], ((x - theta) / sigma**2)[:, None])


@pytest.mark.parametrize("seed", range(5))
def test_right_gold_passes(seed):
    found = normal_events(seed=seed).audit()
    assert found.ok
    assert [check.verdict for check in (*found.ratios, *found.scores)] == ["passed", "passed"]
    assert not found.warnings


def test_reported_means_and_errors():
    events = normal_events()
    check = events.audit().ratios[0]
    inverse = np.exp(-events.joint_log_ratio[:, 0])
    assert check.mean == pytest.approx(inverse.mean())
    assert check.error == pytest.approx(inverse.std(ddof=1) / np.sqrt(len(inverse)))
    assert check.z == pytest.approx((check.mean - 1) / check.error)
    assert check.effective == pytest.approx(inverse.sum() ** 2 / (inverse**2).sum())


def test_a_score_from_the_wrong_density_fails():
    """The score of x instead of the score of a latent, (x-θ)/σ²."""
    events = normal_events()
    found = replace(events, joint_score=events.joint_score + 0.1).audit()
    assert not found.ok
    assert found.scores[0].verdict == "failed"


def test_a_ratio_upside_down_fails():
    events = normal_events()
    assert replace(events, joint_log_ratio=-events.joint_log_ratio).audit().ratios[0].verdict == "failed"


def test_far_alternatives_are_undecided_not_wrong():
    found = normal_events(other=4.3).audit()
    assert found.ratios[0].verdict == "undecided"
    assert found.ratios[0].k_hat >= 0.5
    assert any("too far" in warning for warning in found.warnings)
    assert found.ok


def test_few_events_are_undecided():
    found = normal_events(n=24).audit()
    assert {check.verdict for check in (*found.ratios, *found.scores)} == {"undecided"}
    assert not found.warnings


def test_no_events_no_opinion():
    found = normal_events()[:0].audit()
    assert not found.ok
    assert found.events == 0
    assert found.warnings == ("there are no events, so nothing was checked.",)


def test_impossible_alternatives_are_counted():
    events = normal_events()
    ratios = events.joint_log_ratio.copy()
    ratios[:7] = np.inf
    found = replace(events, joint_log_ratio=ratios).audit()
    assert found.impossible == (7,)
    assert any("7 events are impossible" in warning for warning in found.warnings)
    assert np.isfinite(found.ratios[0].mean)


def test_nan_outputs_are_counted():
    events = normal_events(n=100)
    x = events.x.copy()
    x[:3], x[3] = np.nan, np.inf
    found = replace(events, x=x).audit()
    assert found.nonfinite_x == 4
    assert any("4 events have NaN" in warning for warning in found.warnings)


def test_missing_scores_are_counted_and_not_blamed_on_alternatives():
    events = normal_events()
    score = events.joint_score.copy()
    score[5] = np.nan
    found = replace(events, joint_score=score).audit()
    assert found.missing_scores == 1
    assert found.scores[0].verdict == "undecided"
    assert any("support moves" in warning for warning in found.warnings)
    assert not any("too far" in warning for warning in found.warnings)


def test_rough_scores_are_told():
    found = replace(normal_events(), counts=Counts(1, 1, 0.1)).audit()
    assert any("not smooth" in warning for warning in found.warnings)


def test_hopelessly_far_alternatives_do_not_overflow():
    found = normal_events(other=60.0).audit()
    assert found.ratios[0].verdict == "undecided"


def test_text_holds_every_number():
    text = str(normal_events().audit())
    assert "20000 events" in text
    assert "E[1/r] alternative 0" in text
    assert "E[t] parameter 0" in text


def test_moving_supports_may_lose_probability():
    """x ~ Uniform(0, θ), θ = 1 against 2: 1/r is ½ everywhere, and right."""
    n = 1000
    theta, others = np.ones((n, 1)), np.full((n, 1, 1), 2.0)
    x = np.random.default_rng(0).random(n)
    ratio = np.full((n, 1), np.log(2.0)) + 1e-12 * x[:, None]
    moving = Events(theta, others, x, ratio, np.full((n, 1), np.nan)).audit()
    assert moving.ok
    assert moving.ratios[0].verdict == "undecided"
    fixed = Events(theta, others, x, ratio, x[:, None] - x.mean()).audit()
    assert not fixed.ok
    assert any("allows events that theta does not" in warning for warning in fixed.warnings)
    assert not Events(theta, others, x, -ratio, np.full((n, 1), np.nan)).audit().ok


def test_a_store_is_audited_as_if_loaded_without_traces_or_all_of_x_in_memory(tmp_path, monkeypatch):
    store = EventStore(tmp_path)
    whole = normal_events(3000)
    x = np.where(np.arange(3000) % 1000 == 7, np.nan, whole.x)
    score = np.where(np.arange(3000)[:, None] == 5, np.nan, whole.joint_score)
    whole = replace(whole, x=x, joint_score=score, event=np.arange(500, 3500), counts=Counts(1, 0, 1e-3, 2))
    store.append(whole[:1000])
    store.append(replace(whole[1000:1000], failures=(Failure(1500, (0.3,), 0, "no"),)))
    store.append(replace(whole[1001:], failures=(Failure(4000, (0.3,), 0, "no"),)))
    expected = store.load().audit()
    monkeypatch.setattr(store, "load", lambda: pytest.fail("everything was loaded"))
    found = store.audit()
    assert repr(found) == repr(expected)
    assert (found.failures, found.nonfinite_x, found.missing_scores, found.diverted) == (2, 3, 1, 4)


def test_a_store_of_nothing_but_failures_is_audited(tmp_path):
    store = EventStore(tmp_path)
    store.append(replace(normal_events()[:0], failures=(Failure(0, (0.3,), 0, "no"),)))
    found = store.audit()
    assert (found.events, found.failures, found.ok) == (0, 1, False)


def test_a_condemned_store_is_never_ok(tmp_path):
    store = EventStore(tmp_path)
    whole = normal_events(1000)
    store.append(replace(whole, x=np.full(1000, np.nan)))
    assert store.audit().ok
    store.condemn("x depends on theta.")
    found = store.audit()
    assert not found.ok
    assert found.condemned == "x depends on theta."
    assert "condemned" in found.warnings[0]
    assert "! the store is condemned" in str(found)
