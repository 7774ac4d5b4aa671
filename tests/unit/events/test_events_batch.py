"""Rows belong together: shapes are checked, slices and joins keep every column in step."""

import numpy as np
import pytest
from events_by_hand import events, failure, same_traces

from motherlode.events import Counts, Events, EventsError, Failure


def columns(n=4, k=2, d=3):
    return {
        "theta": np.zeros((n, d)),
        "alternatives": np.ones((n, k, d)),
        "x": np.zeros((n, 2)),
        "joint_log_ratio": np.zeros((n, k)),
        "joint_score": np.zeros((n, d)),
    }


def test_rows_are_numbered_where_nobody_did():
    np.testing.assert_array_equal(Events(**columns()).event, np.arange(4))


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("theta", np.zeros(4), r"shapes \(4,\)"),
        ("theta", np.zeros((3, 3)), "theta has shape"),
        ("joint_log_ratio", np.zeros((4, 1)), r"\(4, 2\) is needed for N=4, K=2, D=3"),
        ("joint_score", np.zeros((4, 2)), "joint_score has shape"),
        ("x", np.zeros((3, 2)), "must have 4 rows"),
        ("theta", np.full((4, 3), np.nan), "NaN or infinity"),
        ("alternatives", np.full((4, 2, 3), np.inf), "NaN or infinity"),
        ("joint_log_ratio", np.full((4, 2), np.nan), "NaN in 4 events, first in row 0"),
    ],
)
def test_columns_that_do_not_fit_are_refused(name, value, match):
    with pytest.raises(EventsError, match=match):
        Events(**columns() | {name: value})


def test_infinite_ratios_missing_scores_and_nan_outputs_are_legal():
    batch = Events(
        **columns()
        | {
            "joint_log_ratio": np.full((4, 2), np.inf),
            "joint_score": np.full((4, 3), np.nan),
            "x": np.full((4, 2), np.nan),
        }
    )
    assert not batch.score_valid


@pytest.mark.parametrize("rows", [slice(1, 4), slice(None, None, -1), np.array([4, 0, 0]), [2], np.arange(5) % 2 == 0])
def test_slices_keep_columns_in_step(rows):
    whole = events(5, k=2, d=2, shape=(3,), traces=True)
    part = whole[rows]
    np.testing.assert_array_equal(part.x, whole.x[rows])
    np.testing.assert_array_equal(part.event, whole.event[rows])
    picked = np.arange(5)[rows]
    assert same_traces(part.traces, [whole.traces[int(i)] for i in picked])
    for i, row in enumerate(picked):
        np.testing.assert_array_equal(part.traces[i].x, whole.x[row])


def test_join_undoes_slicing():
    whole = events(7, k=3, d=2, traces=True)
    joined = Events.concatenate([whole[:2], whole[2:2], whole[2:]])
    assert joined.same_as(whole)
    assert same_traces(joined.traces, whole.traces)


def test_joined_traces_share_one_site_table():
    one, two = events(3, traces=True), events(4, first=3, traces=True)
    joined = Events.concatenate([one, two])
    assert len(joined.traces.sites) == 2
    assert same_traces(joined.traces, [*one.traces, *two.traces])


def test_join_adds_counts_and_keeps_failures():
    batches = [events(2), events(3, first=2)]
    batches = [Events(**{**vars(b), "failures": (failure(i),)}) for i, b in enumerate(batches)]
    joined = Events.concatenate(batches)
    assert joined.counts == Counts(15, 5, 1e-9)
    assert [f.event for f in joined.failures] == [0, 1]


def test_join_forgets_what_is_not_common():
    joined = Events.concatenate([events(2, seed=1), events(2, seed=2, traces=True)])
    assert joined.seed is None
    assert joined.traces is None
    assert joined.exchangeable is True


@pytest.mark.parametrize("other", [events(2, k=2), events(2, d=2), events(2, shape=(1,))])
def test_join_refuses_other_shapes(other):
    with pytest.raises(EventsError, match="differ in their shapes"):
        Events.concatenate([events(2), other])


def test_nothing_cannot_be_joined():
    with pytest.raises(EventsError, match="no events"):
        Events.concatenate([])


def test_same_as_sees_every_column():
    whole = events(3, k=2)
    for name in ("theta", "alternatives", "x", "joint_log_ratio", "joint_score", "event"):
        changed = getattr(whole, name).copy()
        changed.flat[-1] += 1
        assert not Events(**{**vars(whole), name: changed}).same_as(whole)
    assert whole.same_as(whole)


def test_trace_addresses_count_repetitions():
    trace = next(t for t in events(50, traces=True).traces if len(t) == 4)
    sites = [b.address.split("[")[0] for b in trace]
    expected = [s + (f"[{sites[:i].count(s)}]" if sites[:i].count(s) else "") for i, s in enumerate(sites)]
    assert [b.address for b in trace] == expected
    np.testing.assert_allclose(trace.log_prob(), np.sum([b.log_prob for b in trace], axis=0))


def test_negative_and_missing_indices_of_traces():
    traces = events(3, traces=True).traces
    assert same_traces([traces[-1]], [traces[2]])
    with pytest.raises(IndexError):
        traces[3]


def test_failures_alone():
    lost = [Failure(event, (0.1, 0.2), 7, "no") for event in (3, 4)]
    none = Events.failed(lost, alternatives=2)
    assert len(none) == 0
    assert none.alternatives.shape == (0, 2, 2)
    assert none.failures == tuple(lost)
    assert none.seed == 7
    assert not none.audit().ok
