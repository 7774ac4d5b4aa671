"""Batches: split by event, every event once a pass, and a function of the seed and the number of the batch alone."""

import itertools
from dataclasses import replace

import pytest
import torch
from gaussian import gaussian_events

from motherlode import losses
from motherlode.training.data.loader import Loader
from motherlode.training.data.split import InMemory, Part, as_batch, held_out, pair_up, split_events

CPU = torch.device("cpu")


def loader_of(events, size=4, seed=0, prepare=None):
    part = Part(as_batch(events, losses.alices), torch.arange(len(events)))
    return Loader(InMemory(part), size, seed, prepare or (lambda batch, _: batch), CPU)


def take(loader, first, count):
    return list(itertools.islice(loader.batches(first), count))


def test_split_is_by_event_and_by_seed_alone(events):
    batch = as_batch(events, losses.alices)
    one, two, other = (split_events(batch, 0.1, seed, CPU) for seed in (5, 5, 6))
    assert torch.equal(one.validation.index, two.validation.index)
    assert not torch.equal(one.validation.index, other.validation.index)
    assert len(one.validation) == 200
    assert len(one.training) == 1800
    assert set(one.validation.index.tolist()).isdisjoint(one.training.part.index.tolist())
    assert torch.equal(one.validation.events.x, batch.x[one.validation.index])


@pytest.mark.parametrize(("total", "most", "held"), [(1000, None, 100), (40, None, 16), (10, None, 5), (1000, 30, 30)])
def test_so_many_events_are_held_out(total, most, held):
    assert len(set(held_out(total, 0.1, 0, most).tolist())) == held


def test_every_event_comes_once_a_pass_in_another_order_each_pass(events):
    batches = take(loader_of(events[:42]), 0, 20)
    passes = [torch.cat([batch.x[:, 0] for batch in batches[first : first + 10]]) for first in (0, 10)]
    assert all(len(set(values.tolist())) == 40 for values in passes)
    assert not torch.equal(*passes)


def test_a_batch_depends_on_the_seed_and_its_number_alone():
    """Over several blocks and passes, pairs included: what a checkpoint needs to know is the number of the step."""
    events = gaussian_events(2000, alternatives=2)

    def prepare(batch, generator):
        return pair_up(batch, False, generator)

    whole = take(loader_of(events, 7, prepare=prepare), 0, 700)
    assert all(len(batch) == 14 for batch in whole)
    for first in (0, 1, 63, 64, 65, 284, 285, 286, 600):
        begun = take(loader_of(events, 7, prepare=prepare), first, 3)
        for one, other in zip(begun, whole[first:], strict=False):
            assert all(torch.equal(getattr(one, name), getattr(other, name)) for name in ("theta0", "theta1", "x", "y"))
    assert not torch.equal(take(loader_of(events, 7, 1, prepare), 0, 1)[0].x, whole[0].x)


def test_the_events_of_a_batch_can_be_asked_for(events):
    loader = loader_of(events, 128)
    for number, batch in enumerate(take(loader, 0, 40)):
        drawn = loader.events(number)
        assert torch.equal(drawn.events.x, batch.x)
        assert torch.equal(torch.as_tensor(events.x)[drawn.index], batch.x)


def test_blocks_of_large_events_stay_small(events):
    """A block holds 64 batches, unless its pairs would take more than 16 MiB."""
    sizes = []

    def prepare(batch, _):
        sizes.append(len(batch))
        return batch

    take(loader_of(events, 8, prepare=prepare), 0, 1)
    take(loader_of(replace(events, x=events.x.repeat(20_000, axis=1)), 8, prepare=prepare), 0, 1)
    assert sizes[0] == 512
    assert sizes[1] * 20_000 * 8 <= 2**24
