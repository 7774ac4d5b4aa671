# %% [markdown]
# # A signal fraction with a nuisance parameter
#
# Events are signal or background; all energies share a scale that is known to 2 % from a calibration run. The same
# surrogate gives a confidence interval (scale profiled), a posterior (scale marginalized), and toys that say whether
# the interval keeps its promise.

# %%
import sys

import numpy as np
import torch
from pyro.distributions import Normal, Uniform
from scipy.stats import expon, norm

import motherlode
from motherlode.diagnostics import coverage
from motherlode.inference import Constraint

QUICK = "--quick" in sys.argv
torch.set_num_threads(1)


def spectrometer(theta, rng):
    """Return one energy."""
    signal, scale = theta
    if rng.random() < signal:
        return [rng.normal(5.0 * scale, 0.5)]
    return [rng.exponential(4.0 * scale)]


LOW, HIGH = (0.05, 0.85), (0.7, 1.15)
simulator = motherlode.wrap(spectrometer, ("signal", "scale"), low=LOW, high=HIGH)
generator = np.random.default_rng(1)
theta, alternatives = generator.uniform(LOW, HIGH, (2, 4_000 if QUICK else 50_000, 2))
mined = simulator.mine(theta, alternatives[:, None], seed=1)
ratio = motherlode.train(mined, loss=motherlode.losses.alices, seed=1, progress=False)

# %% [markdown]
# ## One hundred events and a calibration run

# %%
x = simulator.simulate(np.tile([0.3, 1.02], (100, 1)), seed=5)
bounds = {"signal": (LOW[0], HIGH[0]), "scale": (LOW[1], HIGH[1])}
study = motherlode.limits(ratio, x, bounds, constraints={"scale": Constraint(1.0, 0.02)})
fit = study.mle()
print("best fit        ", dict(zip(fit.names, fit.theta.round(3).tolist(), strict=True)), "±", fit.errors.round(3))
low, high = study.wilks(points=31).interval(0.6827)
print(f"profiled (Wilks)  signal in [{low:.3f}, {high:.3f}] at 68 %")

# %%
prior = {"signal": Uniform(LOW[0], HIGH[0]), "scale": Normal(1.0, 0.02)}
draws = motherlode.posterior(ratio, prior, x).mcmc("chees", samples=400, warmup=150, seed=1)
print(f"marginalized      signal = {draws.mean[0]:.3f} ± {draws.sd[0]:.3f}")

# %% [markdown]
# ## The exact likelihood, which this toy has
# and which shows what is the surrogate's and what is the data's.

# %%
signal, scale = np.linspace(*bounds["signal"], 131)[:, None, None], np.linspace(*bounds["scale"], 61)[None, :, None]
density = signal * norm.pdf(x[:, 0], 5.0 * scale, 0.5) + (1.0 - signal) * expon.pdf(x[:, 0], scale=4.0 * scale)
log_l = np.log(density).sum(axis=2) - 0.5 * ((scale[..., 0] - 1.0) / 0.02) ** 2
weight = np.exp(log_l - log_l.max()).sum(axis=1)
weight /= weight.sum()
exact = float(weight @ signal[:, 0, 0])
exact_sd = float(np.sqrt(weight @ (signal[:, 0, 0] - exact) ** 2))
print(f"exact             signal = {exact:.3f} ± {exact_sd:.3f}")
if abs(draws.mean[0] - exact) > 0.75 * exact_sd:
    raise SystemExit("the surrogate's posterior is off")

# %% [markdown]
# ## Does the interval cover?
# Toys come from the simulator, so a surrogate that is off costs width and not coverage, as long as nothing is profiled.
# Here something is: coverage is measured, not claimed.

# %%
print(
    coverage(
        study, simulator, [0.3, 1.0], levels=[0.6827, 0.9545], experiments=40 if QUICK else 500, points=9
    ).verdict()
)
