# %% [markdown]
# # Gold from a Pyro model script
#
# A source decays; a detector smears each lifetime and misses some decays. The model is written for one event, as one
# would in Pyro. motherlode runs it for all events at once, takes scores by autograd, and finds that x follows from the
# draws alone.

# %%
import sys

import numpy as np
import pyro
import pyro.distributions as dist
import torch

import motherlode

QUICK = "--quick" in sys.argv
torch.set_num_threads(1)


def decays(theta):
    """Return the smeared lifetime of one decay and whether it was seen."""
    lifetime = pyro.sample("lifetime", dist.Exponential(1.0 / theta[..., 0]))
    measured = pyro.sample("measured", dist.Normal(lifetime, 0.2))
    seen = pyro.sample("seen", dist.Bernoulli(torch.exp(-lifetime * theta[..., 1])))
    return torch.stack([measured, seen], dim=-1)


simulator = motherlode.wrap(decays, ("mean_lifetime", "absorption"), low=(0.5, 0.1), high=(2.0, 1.0))

# %% [markdown]
# ## Mine and train
# `near` spreads θ and its alternative around one centre, so that they stay exchangeable and ratios stay tame.

# %%
events = 2_000 if QUICK else 30_000
proposal = motherlode.Proposal.of(simulator.parameters, near=0.3)
theta, alternatives = proposal.draw(seed=1, first=0, count=events, alternatives=1)
mined = simulator.mine(theta, alternatives, seed=1)
print(mined.audit())
ratio = motherlode.train(mined, loss=motherlode.losses.alices, seed=1)

# %% [markdown]
# ## One run inside a script
# The same as a handler: what one call of the model says about θ against an alternative.

# %%
with motherlode.mining(torch.tensor([1.0, 0.5]), torch.tensor([[1.2, 0.5]])) as run:
    decays(run.theta)
print("one event: log r =", run.joint_log_ratio, " t =", run.joint_score)

# %% [markdown]
# ## The surrogate is a distribution
# It stands in a Pyro model wherever the simulator's likelihood would.

# %%
observed = torch.as_tensor(simulator.simulate(np.tile([1.2, 0.4], (200, 1)), seed=2))


def model(x):
    """Pool all decays in one likelihood."""
    mean_lifetime = pyro.sample("mean_lifetime", dist.Uniform(0.5, 2.0))
    absorption = pyro.sample("absorption", dist.Uniform(0.1, 1.0))
    parameters = torch.stack([mean_lifetime, absorption], dim=-1).double()
    with pyro.plate("decays", len(x)):
        pyro.sample("x", ratio.likelihood(parameters.expand(len(x), 2)), obs=x)


kernel = pyro.infer.NUTS(model)
pyro.set_rng_seed(3)
chain = pyro.infer.MCMC(kernel, num_samples=100 if QUICK else 500, warmup_steps=100, disable_progbar=True)
chain.run(observed)
for name, values in chain.get_samples().items():
    print(f"{name:>14}: {values.mean():.3f} ± {values.std():.3f}")
