# %% [markdown]
# # A hierarchy around a simulator
#
# Eight detectors watch sources of different brightness. What one photon count says about one source only a simulator
# knows; how the sources are distributed is a question for a Pyro model. A surrogate trained once on single exposures is
# the likelihood inside that model, and the sources borrow strength from each other.

# %%
import sys

import numpy as np
import pyro
import pyro.distributions as dist
import torch
from scipy.stats import norm, poisson

import motherlode
from motherlode.inference import ManyChains

QUICK = "--quick" in sys.argv
torch.set_num_threads(1)


def exposure(theta, rng):
    """Count photons of a source of brightness exp(theta) and read them out with noise."""
    photons = rng.poisson(20.0 * np.exp(theta[0]))
    return [rng.normal(photons, 3.0)]


simulator = motherlode.wrap(exposure, ("log_brightness",), low=-1.5, high=1.5)

# %% [markdown]
# ## One surrogate for one exposure

# %%
generator = np.random.default_rng(1)
events = 3_000 if QUICK else 20_000
theta, alternatives = generator.uniform(-1.5, 1.5, (2, events))
mined = simulator.mine(theta[:, None], alternatives[:, None, None], seed=1)
ratio = motherlode.train(mined, loss=motherlode.losses.alices, seed=1, progress=False)

# %% [markdown]
# ## Eight sources, three exposures each

# %%
SOURCES, EXPOSURES = 8, 3
brightness = generator.normal(0.3, 0.4, SOURCES)
x = simulator.simulate(np.repeat(brightness, EXPOSURES)[:, None], seed=2)
data = torch.from_numpy(x.reshape(SOURCES, EXPOSURES, 1))


def hierarchy(data):
    """Sources come from one population; each exposure has the surrogate as its likelihood."""
    mean = pyro.sample("mean", dist.Normal(0.0, 0.5))
    spread = pyro.sample("spread", dist.HalfNormal(0.5))
    with pyro.plate("sources", SOURCES, dim=-2):
        offset = pyro.sample("offset", dist.Normal(0.0, 1.0))
        log_brightness = mean + spread * offset
        with pyro.plate("exposures", EXPOSURES, dim=-1):
            theta = log_brightness.double().expand(SOURCES, EXPOSURES).unsqueeze(-1)
            pyro.sample("x", ratio.likelihood(theta), obs=data)


# %% [markdown]
# The script above is written for one chain; `ManyChains` has the interface of `pyro.infer.MCMC` and runs twenty of it
# in one batched evaluation.

# %%
mcmc = ManyChains(hierarchy, num_samples=100 if QUICK else 500, warmup_steps=100 if QUICK else 300, target_accept=0.9)
mcmc.run(data)
draws = {name: value.double().numpy() for name, value in mcmc.get_samples().items()}
print(f"mean of log brightness   {draws['mean'].mean():+.3f} ± {draws['mean'].std():.3f}   (population 0.3)")
print(f"spread                    {draws['spread'].mean():.3f} ± {draws['spread'].std():.3f}   (population 0.4)")

# %% [markdown]
# ## What it should be
# Photons are Poisson and noise is normal, so here, for once, the likelihood of an exposure is a sum we can write down.

# %%
grid = np.linspace(-1.5, 1.5, 301)
photons = np.arange(0, 200)
weights = poisson.pmf(photons[:, None], 20.0 * np.exp(grid))
log_p = np.log(norm.pdf(x[:, :1], photons, 3.0) @ weights).reshape(SOURCES, EXPOSURES, -1).sum(axis=1)
mean, spread = np.meshgrid(np.linspace(-1, 1.4, 81), np.linspace(0.02, 1.5, 80), indexing="ij")
total = -0.5 * (mean / 0.5) ** 2 - 0.5 * (spread / 0.5) ** 2
for row in np.exp(log_p - log_p.max(axis=1, keepdims=True)):
    population = norm.pdf(grid[:, None, None], mean, spread)
    total += np.log(np.einsum("g,gms->ms", row, population))
posterior = np.exp(total - total.max())
posterior /= posterior.sum()
exact = float((posterior * mean).sum()), float((posterior * spread).sum())
print(f"exact                    mean {exact[0]:+.3f}, spread {exact[1]:.3f}")
if max(abs(draws["mean"].mean() - exact[0]), abs(draws["spread"].mean() - exact[1])) > 0.1:
    raise SystemExit("the surrogate's hierarchy is off")
