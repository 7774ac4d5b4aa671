# %% [markdown]
# # Many latents by stochastic variational inference
#
# Three hundred sources, one exposure each: every source has a latent brightness and the surrogate is its likelihood.
# Chains over 302 latents would do; SVI with an autoguide and minibatches of sources does it for millions.

# %%
import sys

import numpy as np
import pyro
import pyro.distributions as dist
import torch
from pyro.infer import SVI, Trace_ELBO
from pyro.infer.autoguide import AutoNormal

import motherlode

QUICK = "--quick" in sys.argv
torch.set_num_threads(1)
SOURCES, BATCH = 300, 50


def exposure(theta, rng):
    """Count photons of a source of brightness exp(theta) and read them out with noise."""
    photons = rng.poisson(20.0 * np.exp(theta[0]))
    return [rng.normal(photons, 3.0)]


simulator = motherlode.wrap(exposure, ("log_brightness",), low=-1.5, high=1.5)
generator = np.random.default_rng(1)
theta, alternatives = generator.uniform(-1.5, 1.5, (2, 3_000 if QUICK else 20_000))
mined = simulator.mine(theta[:, None], alternatives[:, None, None], seed=1)
ratio = motherlode.train(mined, loss=motherlode.losses.alices, seed=1, progress=False)

# %%
truth = np.clip(generator.normal(0.2, 0.3, SOURCES), -1.4, 1.4)
data = torch.from_numpy(simulator.simulate(truth[:, None], seed=2))


def survey(data):
    """One population, one latent a source, minibatches of sources."""
    mean = pyro.sample("mean", dist.Normal(0.0, 0.5))
    spread = pyro.sample("spread", dist.HalfNormal(0.5))
    with pyro.plate("sources", SOURCES, subsample_size=BATCH) as chosen:
        log_brightness = pyro.sample("log_brightness", dist.Normal(mean, spread))
        pyro.sample("x", ratio.likelihood(log_brightness.double().unsqueeze(-1)), obs=data[chosen])


# %%
pyro.set_rng_seed(1)
pyro.clear_param_store()
guide = AutoNormal(survey, init_scale=0.1)
svi = SVI(survey, guide, pyro.optim.ClippedAdam({"lr": 0.03, "lrd": 0.999}), Trace_ELBO())
elbo = [-svi.step(data) for _ in range(1_000 if QUICK else 4_000)]
print(f"ELBO {np.mean(elbo[:50]):.1f} at the start, {np.mean(elbo[-200:]):.1f} at the end")

# %%
with torch.no_grad():
    median = guide.median(data)
estimate = np.array([float(median["mean"]), float(median["spread"])])
print(f"population: mean {estimate[0]:.3f} (true 0.2), spread {estimate[1]:.3f} (true 0.3)")
if abs(estimate[0] - 0.2) > 0.1 or abs(estimate[1] - 0.3) > 0.12:
    raise SystemExit("the population is off")
