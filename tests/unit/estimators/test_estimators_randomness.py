"""Blocks that draw with torch from a seed leave no trace."""

import pytest
import torch

from motherlode.estimators.randomness import seeded


@pytest.mark.parametrize("on_one_thread", [False, True])
def test_a_seeded_block_leaves_generator_and_threads_alone(on_one_thread):
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    draws = []
    for seed in (1, 1, 2):
        with seeded(seed, on_one_thread=on_one_thread):
            draws.append(torch.rand(3).tolist())
    assert draws[0] == draws[1] != draws[2]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_an_error_ends_the_block_too():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    with pytest.raises(KeyError), seeded(1, on_one_thread=True):
        raise KeyError
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
