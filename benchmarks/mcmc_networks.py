"""Four-parameter problems for the sampler benchmark, and the networks trained on them: sbi's and ours.

`lotka_volterra` is simulators/lotka_volterra vectorized over runs; `correlated` and `uncorrelated` are curved
nine-observable models whose parameters act alike, and apart.
"""

import runpy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import motherlode
from motherlode.training.options import TrainingOptions

Array = np.ndarray[Any, Any]

__all__ = ["Network", "Task", "tasks", "train"]

GENERATOR = torch.Generator().manual_seed(1)
ALIKE = torch.randn(1, 9, generator=GENERATOR) + 0.4 * torch.randn(4, 9, generator=GENERATOR)
APART = torch.randn(4, 9, generator=torch.Generator().manual_seed(1))


@dataclass(frozen=True)
class Task:
    """A simulator over a box, and the θ that the observation is drawn at."""

    simulate: Callable[[torch.Tensor], torch.Tensor]
    low: torch.Tensor
    high: torch.Tensor
    truth: torch.Tensor

    def draw(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return θ from the box, and x."""
        theta = self.low + (self.high - self.low) * torch.rand(count, 4)
        return theta, self.simulate(theta)


@dataclass(frozen=True)
class Network:
    """A trained network: as we see it, as sbi's posterior sees it, and what is observed."""

    estimator: Any
    posterior: Any
    observed: torch.Tensor
    prior: torch.distributions.Distribution


class SbiRatio:
    """sbi's ratio estimator as a LogRatio."""

    def __init__(self, network: Any) -> None:
        self.network = network

    def log_ratio(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return the logit."""
        return self.network.unnormalized_log_ratio(theta.float(), x.float()).reshape(theta.shape[:-1])


class SbiFlow:
    """sbi's conditional density as a likelihood."""

    def __init__(self, network: Any) -> None:
        self.network = network

    def log_prob(self, x: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
        """Return log p(x|θ)."""
        flat = x.reshape(1, -1, x.shape[-1]).float()
        return self.network.log_prob(flat, condition=theta.reshape(-1, 4).float()).reshape(theta.shape[:-1])


class OurPotential:
    """Our ratio net as a potential of sbi's posterior."""

    def __init__(self, estimator: Any, prior: Any) -> None:
        self.estimator, self.prior = estimator, prior

    def __call__(self, theta: torch.Tensor, x_o: torch.Tensor) -> torch.Tensor:
        """Return log r + log prior."""
        return self.estimator.log_ratio(theta.double(), x_o.double()) + self.prior.log_prob(theta)


def correlated(theta: torch.Tensor) -> torch.Tensor:
    """Return nine observables of a curved model whose four parameters act much alike, as rates of one process do."""
    return theta @ ALIKE + 0.1 * (theta**2) @ ALIKE.abs() + 0.5 * torch.randn(len(theta), 9)


def uncorrelated(theta: torch.Tensor) -> torch.Tensor:
    """Return nine observables of a curved model whose four parameters act apart."""
    return torch.tanh(theta @ APART / 2.0) + 0.1 * (theta**2).sum(-1, keepdim=True) + 0.5 * torch.randn(len(theta), 9)


def lotka_volterra(theta: torch.Tensor) -> torch.Tensor:
    """Return the nine summaries of simulators/lotka_volterra, all runs in step; NaN where a run is too long."""
    rng = np.random.default_rng(int(torch.randint(2**31, (1,))))
    series = _records(np.exp(theta.double().numpy()).T, rng, duration=30.0, every=0.2)
    mean, variance = series.mean(0), series.var(0)
    scaled = (series - mean) / np.sqrt(variance + 1e-12)
    lags = [(scaled[lag:] * scaled[:-lag]).mean(0) for lag in (1, 2)]
    cross = (scaled[:, 0] * scaled[:, 1]).mean(0, keepdims=True)
    return torch.from_numpy(np.concatenate([mean, np.log(variance + 1.0), *lags, cross]).T).float()


def _records(rates: Array, rng: np.random.Generator, duration: float, every: float, longest: int = 20_000) -> Array:
    """Return the populations in force at 0, every … duration, shape (R, 2, N), by Gillespie's direct method."""
    rows, moves = round(duration / every) + 1, np.array(_plain()["MOVES"], dtype=float).T
    series = np.full((rows, 2, rates.shape[1]), np.nan)
    runs, filled, time = np.arange(rates.shape[1]), *np.zeros((2, rates.shape[1]))
    state = np.tile(np.array(_plain()["START"], dtype=float)[:, None], len(runs))
    for step in range(longest):
        pairs = state[0] * state[1]
        cumulative = np.cumsum(rates * np.stack([pairs, state[0], state[1], pairs]), axis=0)
        time += rng.standard_exponential(len(runs)) / np.maximum(cumulative[3], 1e-9)
        while len(due := np.flatnonzero((time > filled * every) & (filled < rows))):
            series[filled[due].astype(int), :, runs[due]] = state[:, due].T
            filled[due] += 1
        chosen = (rng.random(len(runs)) * cumulative[3] >= cumulative[:3]).sum(axis=0)
        state += moves[:, chosen]
        if step % 100 == 0:
            alive = filled < rows
            rates, runs, filled, time, state = rates[:, alive], runs[alive], filled[alive], time[alive], state[:, alive]
    series[:, :, runs] = np.nan
    return series


def _plain() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).parents[1] / "simulators" / "lotka_volterra" / "plain.py"))


def tasks() -> dict[str, Task]:
    """Return the three problems by name."""
    low, high, truth = -3.0 * torch.ones(4), 3.0 * torch.ones(4), torch.tensor([[0.5, -0.8, 1.0, 0.2]])
    box = torch.tensor(_plain()["LOW"]), torch.tensor(_plain()["HIGH"])
    return {
        "uncorrelated": Task(uncorrelated, low, high, truth),
        "correlated": Task(correlated, low, high, truth),
        "lotka_volterra": Task(lotka_volterra, *box, (0.5 * (box[0] + box[1]))[None]),
    }


def train(quick: bool) -> dict[str, Network]:
    """Train on every task sbi's ratio net and flow with sbi's defaults, and our ratio net with ours on Lotka-Volterra.

    ``quick`` skips the correlated task, and sbi's networks on the last.
    """
    made: dict[str, Network] = {}
    for name, task in tasks().items():
        if quick and name == "correlated":
            continue
        theta, x = task.draw(2_000 if quick else 10_000)
        kept = torch.isfinite(x).all(1)
        theta, x, observed = theta[kept], x[kept], task.simulate(task.truth)
        prior, own = torch.distributions.Uniform(task.low, task.high), name == "lotka_volterra"
        if not (quick and own):
            made |= {f"{name}_{kind}": net for kind, net in _sbi_networks(task, theta, x, observed, prior, quick)}
        if own:
            made[f"{name}_motherlode"] = _our_network(task, theta, x, observed, prior, quick)
    return made


def _sbi_networks(
    task: Task, theta: torch.Tensor, x: torch.Tensor, observed: torch.Tensor, prior: Any, quick: bool
) -> Iterator[tuple[str, Network]]:
    from sbi.inference import NLE, NRE
    from sbi.utils import BoxUniform

    for kind, method, view in (("ratio", NRE, SbiRatio), ("flow", NLE, SbiFlow)):
        trainer = method(BoxUniform(task.low, task.high), show_progress_bars=False)
        data = trainer.append_simulations(theta, x)
        network = data.train(max_num_epochs=3 if quick else 60, training_batch_size=500)
        posterior = trainer.build_posterior(sample_with="mcmc")
        yield kind, Network(view(network.eval()), posterior, observed, prior)


def _our_network(
    task: Task, theta: torch.Tensor, x: torch.Tensor, observed: torch.Tensor, prior: Any, quick: bool
) -> Network:
    count = len(theta)
    gold = np.empty((count, 0, 4)), x.double().numpy(), np.empty((count, 0)), np.zeros((count, 4))
    events = motherlode.Events(theta.double().numpy(), *gold)
    estimator = motherlode.RatioEstimator(4, (9,), reference="marginal", hidden=(100, 100, 100))
    options = TrainingOptions(steps=500 if quick else 4000)
    motherlode.train(events, motherlode.losses.nre, estimator, progress=False, options=options)
    from sbi.inference import MCMCPosterior
    from sbi.utils import BoxUniform, mcmc_transform

    box = BoxUniform(task.low, task.high)
    posterior = MCMCPosterior(OurPotential(estimator, box), box, mcmc_transform(box))
    return Network(estimator, posterior, observed, prior)
