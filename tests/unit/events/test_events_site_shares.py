"""Shares of the joint log-ratio's variance by place, and the report that shows them."""

import numpy as np
import pytest

from motherlode.events import CheckReport, Events, EventsError, Site, SiteShare, TraceColumns, site_shares

SITES = (Site("a.py:f:1", "Normal"), Site("a.py:f:2", "Uniform"), Site("a.py:f:3", "Binomial"), Site("z", "Normal"))


def events_of(draws, score=None):
    """Return events from draws: for each event a list of (site, log-ratio of that draw)."""
    counts = [len(event) for event in draws]
    site = np.array([s for event in draws for s, _ in event], dtype=np.int32)
    term = np.array([value for event in draws for _, value in event], dtype=np.float64)
    n, m = len(draws), len(site)
    theta = np.zeros((n, 1))
    traces = TraceColumns(
        sites=SITES,
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        site=site,
        value=np.zeros(m),
        parameter_offsets=np.zeros(m + 1, dtype=np.int64),
        parameters=np.empty(0),
        log_prob=np.stack([np.zeros(m), -term], axis=1),
        theta=theta,
        x=np.zeros(n),
    )
    ratio = np.array([[sum(value for _, value in event)] for event in draws], dtype=np.float64)
    return Events(
        theta, theta[:, None], np.zeros(n), ratio, np.zeros((n, 1)) if score is None else score, traces=traces
    )


def by_address(events):
    return {share.address: share for share in site_shares(events)}


def test_shares_sum_to_one_and_count_repetitions():
    draws = [[(0, 1.0), (3, 0.0), (0, 2.0)], [(0, -1.0), (3, 0.0), (0, -2.0)], [(0, 0.0), (3, 0.0), (0, 0.0)]]
    shares = by_address(events_of(draws))
    assert shares["a.py:f:1"].share == pytest.approx(1.0)
    assert shares["a.py:f:1"].profile == pytest.approx((1 / 3, 2 / 3))
    assert shares["a.py:f:1"].draws == 2
    assert shares["z"].share == 0
    assert (shares["a.py:f:1"].depends, shares["z"].depends) == (True, False)
    assert shares["a.py:f:2"].draws == 0


def test_draws_that_cancel_others_have_a_negative_share():
    draws = [[(0, 2.0 * sign), (3, -1.0 * sign)] for sign in (1, -1, 1, -1)]
    shares = by_address(events_of(draws))
    assert shares["a.py:f:1"].share == pytest.approx(2.0)
    assert shares["z"].share == pytest.approx(-1.0)


def test_impossible_events_do_not_count():
    draws = [[(0, 1.0)], [(0, -1.0)], [(1, np.inf)]]
    shares = by_address(events_of(draws))
    assert shares["a.py:f:1"].share == pytest.approx(1.0)
    assert shares["a.py:f:2"].share == 0
    assert shares["a.py:f:2"].depends


def test_no_variance_no_share():
    shares = by_address(events_of([[(0, 0.0)], [(0, 0.0)]]))
    assert np.isnan(shares["a.py:f:1"].share)
    assert not shares["a.py:f:1"].depends


def test_moving_supports_are_told_from_draws_that_only_change():
    """A Binomial moves its support only if no Uniform explains the missing score."""
    draws = [[(1, 0.5), (2, 0.1)], [(2, 0.2)], [(1, 0.5)], [(0, 0.3)]]
    score = np.array([[np.nan], [np.nan], [1.0], [np.nan]])
    shares = by_address(events_of(draws, score))
    assert shares["a.py:f:2"].moving == 1
    assert shares["a.py:f:3"].moving == 1
    assert shares["a.py:f:1"].moving == 0


def test_traces_are_needed():
    with pytest.raises(EventsError, match="traces=True"):
        site_shares(Events(np.zeros((1, 1)), np.zeros((1, 1, 1)), np.zeros(1), np.zeros((1, 1)), np.zeros((1, 1))))


def test_report_shows_what_matters_first():
    sites = tuple(SiteShare(f"m.py:f:{i}", "Normal", 1.0, True, 0.05, 0, (0.05,)) for i in range(20))
    report = CheckReport(True, ("a remark",), (("events", 200.0), ("draws_per_event", 20.0)), sites, "replay", "coin")
    lines = str(report).splitlines()
    assert lines[0].startswith("coin: minable.")
    assert lines[2] == "  * a remark"
    assert "… and 8 more places" in lines[-1]
    assert "m.py:0 (f)" in str(report)
    assert all(len(line) <= 110 for line in lines)


def test_source_lines_in_findings_are_not_wrapped():
    source = "    x = " + " + ".join(["theta"] * 40)
    report = CheckReport(False, (f"theta reaches x\n{source}\nand so on",))
    assert f"    {source}" in str(report)
