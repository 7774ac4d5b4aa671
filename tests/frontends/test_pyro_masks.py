"""A masked draw that the program uses counts, one that it does not use does not."""

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from scipy import stats

from motherlode.frontends.pyro import NoDensity, mining
from motherlode.frontends.wrapping import wrap

N = 500
THETA = np.full((N, 1), 0.2)


def mine(model, batch=None, **options):
    return wrap(model, "t", -1.0, 1.0, batch=batch).mine(THETA, [[0.7]], seed=1, **options)


def log_r(values, theta=0.2, other=0.7):
    return stats.norm(theta).logpdf(values) - stats.norm(other).logpdf(values)


def feeding(t):
    with pyro.poutine.mask(mask=False):
        z = pyro.sample("z", dist.Normal(t, 1.0))
    return pyro.sample("x", dist.Normal(z, 1.0))


def deciding(t):
    """The masked draw reaches another site's mask only."""
    z = pyro.sample("z", dist.Normal(t, 1.0).mask(False))
    with pyro.poutine.mask(mask=z > 0):
        y = pyro.sample("y", dist.Normal(t, 1.0))
    return torch.where(z > 0, y, torch.zeros(()))


def returned(t):
    with pyro.poutine.mask(mask=torch.tensor(False)):
        return pyro.sample("z", dist.Normal(t, 1.0))


def through_another(t):
    """The first reaches x through the second."""
    with pyro.poutine.mask(mask=False):
        z = pyro.sample("z", dist.Normal(t, 1.0))
        y = pyro.sample("y", dist.Normal(z, 1.0))
    return pyro.sample("x", dist.Normal(y, 1.0))


def for_nothing(t):
    """The first reaches the second, which reaches nothing."""
    with pyro.poutine.mask(mask=False):
        z = pyro.sample("z", dist.Normal(t, 1.0))
        pyro.sample("y", dist.Normal(z, 1.0))
    return pyro.sample("x", dist.Normal(t, 1.0))


@pytest.mark.parametrize("batch", [None, False])
@pytest.mark.parametrize("model", [feeding, returned, through_another])
def test_a_masked_draw_that_the_program_uses_counts(model, batch):
    events = mine(model, batch, traces=True)
    z = np.array([trace[0].value for trace in events.traces])
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], log_r(z), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(events.joint_score[:, 0], z - 0.2, rtol=1e-9, atol=1e-9)


def test_gold_of_a_masked_latent_averages_to_that_of_x():
    events = mine(feeding)
    exact = stats.norm(0.2, np.sqrt(2)).logpdf(events.x) - stats.norm(0.7, np.sqrt(2)).logpdf(events.x)
    gap = (np.exp(-events.joint_log_ratio[:, 0]) - np.exp(-exact)) * np.tanh(events.x)
    assert abs(gap.mean()) < stats.norm.isf(1e-4 / 2) * gap.std() / np.sqrt(N)


@pytest.mark.parametrize("batch", [None, False])
def test_masked_draws_that_are_not_used_do_not_count(batch):
    events = mine(for_nothing, batch)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], log_r(events.x), rtol=1e-9, atol=1e-9)


def test_a_draw_that_decides_on_a_mask_counts():
    events = mine(deciding, traces=True)
    z, y = (np.array([trace[i].value for trace in events.traces]) for i in (0, 1))
    np.testing.assert_allclose(
        events.joint_log_ratio[:, 0], log_r(z) + np.where(z > 0, log_r(y), 0.0), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("batch", [None, False])
def test_a_mask_that_is_edited_in_place_is_kept_as_it_was(batch):
    def model(t):
        alive = torch.zeros(1, dtype=torch.bool)
        p, xs = torch.sigmoid(t), []
        for i in range(3):
            with pyro.poutine.mask(mask=alive):
                xs.append(pyro.sample(f"x{i}", dist.Bernoulli(p)))
            alive |= torch.ones(1, dtype=torch.bool)
        return torch.stack(xs, -1)

    events = mine(model, batch)
    assert len(events) == N
    p, q = 1 / (1 + np.exp([-0.2, -0.7]))
    heads = events.x.reshape(N, 3).sum(1)
    exact = heads * np.log(p / q) + (3 - heads) * np.log((1 - p) / (1 - q))
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-9, atol=1e-9)


def test_observed_lanes_that_a_mask_leaves_out_are_part_of_x_and_count():
    lengths = torch.tensor([3, 1])

    def model(t):
        with pyro.plate("sequences", 2):
            for i in range(3):
                with pyro.poutine.mask(mask=i < lengths):
                    pyro.sample(f"x{i}", dist.Normal(t, 1.0), obs=torch.zeros(2))

    events = mine(model)
    np.testing.assert_allclose(
        events.joint_log_ratio[:, 0], log_r(events.x.reshape(N, -1)).sum(1), rtol=1e-9, atol=1e-9
    )


def test_a_value_that_is_edited_in_place_does_not_change_the_record():
    def model(t):
        z = pyro.sample("z", dist.Normal(t, 1.0))
        z *= 2
        return pyro.sample("x", dist.Normal(z, 1.0))

    events = mine(model, traces=True)
    z = np.array([trace[0].value for trace in events.traces])
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], log_r(z), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(events.x.mean(), 0.4, atol=5 * np.sqrt(5 / N))


def test_a_masked_draw_that_is_used_only_in_some_runs_counts_or_is_refused():
    def model(t):
        z = pyro.sample("z", dist.Normal(t, 1.0).mask(False))
        u = pyro.sample("u", dist.Uniform(0.0, 1.0))
        return pyro.sample("x", dist.Normal(z if u < 0.01 else torch.zeros(()), 1.0))

    with pytest.raises(NoDensity, match="'z' is masked"):
        mine(model)


def test_a_single_run_counts_masked_latents():
    t = torch.full((5,), 0.2, dtype=torch.float64)
    with mining(t, [[0.7]]) as mined, pyro.poutine.mask(mask=False):
        z = pyro.sample("z", dist.Normal(t, 1.0))
    np.testing.assert_allclose(mined.joint_log_ratio[:, 0], log_r(z.numpy()), rtol=1e-9, atol=1e-9)
