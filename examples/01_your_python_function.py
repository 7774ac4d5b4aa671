# %% [markdown]
# # From your own Python function to a posterior
#
# A detector sees each of 50 particles with some efficiency and then counts a Poisson number of photons. Nobody can
# write down p(count | efficiency, rate) in passing, but the function that makes counts is ten lines long.

# %%
import sys
import tempfile

import numpy as np
import torch
from pyro.distributions import Uniform

import motherlode

QUICK = "--quick" in sys.argv
torch.set_num_threads(1)


def detector(theta, rng):
    """Count the photons of one exposure; plain Python that knows nothing of motherlode."""
    efficiency, rate = theta
    seen = sum(1 for _ in range(50) if rng.random() < efficiency)
    return [seen, rng.poisson(rate * seen)]


# %% [markdown]
# ## Wrap and check
# `check` runs a few events and replays each of them at other parameters with every draw held fixed. If x moved, theta
# would reach it by another way than the draws, and the gold would be wrong.

# %%
simulator = motherlode.wrap(detector, ("efficiency", "rate"), low=(0.1, 1.0), high=(0.9, 5.0))
print(simulator.check(np.full((200, 2), (0.5, 3.0)), [[0.55, 2.9]]))

# %% [markdown]
# ## Mine
# Each event comes with the joint log-ratio against one alternative and the joint score. The store can be killed and
# resumed, and event i is the same on any number of workers.

# %%
with tempfile.TemporaryDirectory() as folder:
    campaign = motherlode.Campaign(simulator, events=2_000 if QUICK else 20_000, alternatives=1, seed=1, path=folder)
    store = campaign.run(workers=2)
    events = store.load()
print(events.audit())

# %% [markdown]
# ## Train and infer

# %%
ratio = motherlode.train(events, loss=motherlode.losses.alices, seed=1)
truth = np.array([0.4, 3.0])
observed = simulator.simulate(np.tile(truth, (20, 1)), seed=2)
prior = {"efficiency": Uniform(0.1, 0.9), "rate": Uniform(1.0, 5.0)}
samples = motherlode.posterior(ratio, prior, observed).mcmc(chains=10, samples=200 if QUICK else 1000, seed=3)

# %%
from scipy.stats import binom, poisson

grid = np.stack(np.meshgrid(np.linspace(0.1, 0.9, 161), np.linspace(1.0, 5.0, 161), indexing="ij"), axis=-1)
log_likelihood = sum(
    binom.logpmf(seen, 50, grid[..., 0]) + poisson.logpmf(count, grid[..., 1] * seen) for seen, count in observed
)
weight = np.exp(log_likelihood - log_likelihood.max())
exact = (weight[..., None] * grid).sum(axis=(0, 1)) / weight.sum()
print("true parameters:      ", truth)
print("exact posterior mean: ", exact.round(3))
print("motherlode:           ", samples.samples.mean(axis=(0, 1)).round(3))
