"""The batches of a call join; failures stay, outputs have one shape, and a call without an event is refused."""

import numpy as np
import pytest

from motherlode.events import Counts, Events, EventsError, Failure
from motherlode.gold import gather
from motherlode.tracing import SimulatorFailed


def batch(first, shape=(), draws=3, failures=()):
    theta = np.zeros((2, 1))
    event = np.arange(first, first + 2)
    x = np.ones((2, *shape))
    counts = Counts(draws)
    return Events(theta, np.zeros((2, 0, 1)), x, np.empty((2, 0)), theta, event=event, failures=failures, counts=counts)


def failure(event):
    return Failure(event, (0.5,), 1, "ValueError: no")


def test_rows_failures_and_counts_of_all_batches_stay():
    events = gather([batch(0, failures=(failure(2),)), Events.failed([failure(3), failure(4)], 0), batch(5)])
    assert events.event.tolist() == [0, 1, 5, 6]
    assert [one.event for one in events.failures] == [2, 3, 4]
    assert events.counts.draws == 6


def test_a_call_in_which_every_event_failed_is_refused():
    with pytest.raises(SimulatorFailed, match="ValueError: no"):
        gather([Events.failed([failure(0)], 0), Events.failed([failure(1)], 0)])


def test_another_shape_of_x_is_refused_with_an_event_of_each():
    with pytest.raises(EventsError, match=r"x has shape \(2,\) in event 0 but \(3,\) in event 7"):
        gather([batch(0, (2,)), batch(7, (3,))])
