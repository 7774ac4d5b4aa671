"""Pairs take both roles, and the marginal reference averages exactly the parameters used."""

import numpy as np
import pytest
import torch

from motherlode import losses
from motherlode.estimators.batches import EventBatch, make_marginal_pairs, make_pairs
from motherlode.training.data.split import as_batch


def batch_of(events):
    return as_batch(events, losses.alices)


def test_roles_swap_with_the_sign_of_the_label(events):
    batch = batch_of(events)
    pairs = make_pairs(batch, torch.Generator().manual_seed(1))
    swapped = pairs.y == 1
    assert abs(swapped.double().mean() - 0.5) < 4.5 * 0.5 / len(swapped) ** 0.5
    assert torch.equal(pairs.theta0[~swapped], batch.theta[~swapped])
    assert torch.equal(pairs.theta1[swapped], batch.theta[swapped])
    assert torch.equal(pairs.joint_log_ratio[swapped], -batch.joint_log_ratio[swapped, 0])
    assert torch.equal(pairs.joint_score, batch.joint_score)


def test_the_same_seed_gives_the_same_pairs(events):
    first, again = (make_pairs(batch_of(events), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first.y, again.y)


def test_every_alternative_becomes_a_pair():
    theta = torch.arange(4.0).reshape(2, 2)
    others = torch.arange(12.0).reshape(2, 3, 2) + 10
    pairs = make_pairs(EventBatch(theta, torch.zeros(2, 1), others, torch.zeros(2, 3)))
    assert len(pairs) == 6
    assert {tuple(sorted([*a.tolist(), *b.tolist()])) for a, b in zip(pairs.theta0, pairs.theta1, strict=True)} == {
        tuple(sorted([*theta[i].tolist(), *others[i, k].tolist()])) for i in range(2) for k in range(3)
    }


def test_fault_12_reference_is_normalized_by_the_number_of_parameters_used():
    """lens normalized by the wrong count: log r off by log 2. All parameters equal: every ratio must be exactly 1."""
    same = torch.zeros(500, 1)
    for count in (1, 2, 5):
        batch = EventBatch(same, same, torch.zeros(500, count, 1), torch.zeros(500, count))
        pairs = make_marginal_pairs(batch, torch.Generator().manual_seed(0))
        torch.testing.assert_close(pairs.joint_log_ratio, torch.zeros(500), atol=1e-6, rtol=0)


def test_marginal_label_against_direct_computation():
    log_p = torch.tensor([[0.0, 0.3, -1.2, 0.9]])
    batch = EventBatch(
        torch.zeros(400, 1),
        torch.zeros(400, 1),
        torch.tensor([[[1.0], [2.0], [3.0]]]).expand(400, 3, 1),
        -log_p[:, 1:].expand(400, 3),
    )
    pairs = make_marginal_pairs(batch, torch.Generator().manual_seed(0))
    slots = pairs.theta0[:, 0].long()
    assert set(slots.tolist()) == {0, 1, 2, 3}
    for slot in range(4):
        rest = np.delete(log_p[0].numpy(), slot)
        expected = float(log_p[0, slot]) - np.log(np.exp(rest).mean())
        torch.testing.assert_close(
            pairs.joint_log_ratio[slots == slot], torch.full((int((slots == slot).sum()),), expected)
        )
    assert torch.equal(pairs.y == 1, slots > 0)


def test_impossible_at_an_alternative_stays_harmless():
    infinite = torch.full((50, 1), torch.inf)
    batch = EventBatch(torch.zeros(50, 1), torch.zeros(50, 1), torch.ones(50, 1, 1), infinite)
    pairs = make_pairs(batch, torch.Generator().manual_seed(0))
    assert torch.equal(torch.sigmoid(-pairs.joint_log_ratio), pairs.y)


def test_events_without_alternatives_are_refused():
    with pytest.raises(ValueError, match="K >= 1"):
        make_pairs(EventBatch(torch.zeros(2, 1), torch.zeros(2, 1)))
