"""Measure min bulk-ESS per CPU second of the batched samplers against Pyro's and sbi's on the same network.

    python benchmarks/mcmc.py [--quick] [--json] [--repeats 3]

Four parameters, correlated in the posterior, nine observables, one observation. A ratio net and a flow are trained by
sbi 0.27 where it is installed (it is no dependency: use its own environment), else the ratio net is ours and only Pyro
is compared. Warm-up counts.
The last line is one JSON object; `overhead_nuts` and `overhead_chees` are smaller-is-better: CPU time of a batched
gradient call in the sampler over the estimator's own forward and backward pass at 20 chains, minus one.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch

import motherlode
from motherlode.inference import Observation, PosteriorSamples, Potential, Prior
from motherlode.inference.convergence import ess_bulk

LOW, HIGH = -3.0 * torch.ones(4), 3.0 * torch.ones(4)
GENERATOR = torch.Generator().manual_seed(1)
MIXING = torch.randn(1, 9, generator=GENERATOR) + 0.4 * torch.randn(4, 9, generator=GENERATOR)


def simulate(theta: torch.Tensor) -> torch.Tensor:
    """Return nine observables of a curved model whose four parameters act much alike, as rates of one process do."""
    return theta @ MIXING + 0.1 * (theta**2) @ MIXING.abs() + 0.5 * torch.randn(len(theta), 9)


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


class PlainRatio(torch.nn.Module):
    """A 3×100 ratio net trained by a dozen lines, for machines without sbi."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (13, 100, 100, 100)
        layers = [m for a, b in pairwise(sizes) for m in (torch.nn.Linear(a, b), torch.nn.SiLU())]
        self.network = torch.nn.Sequential(*layers, torch.nn.Linear(100, 1))

    def log_ratio(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return the logit."""
        return self.network(torch.cat([theta, x], -1).float()).squeeze(-1)

    def fit(self, theta: torch.Tensor, x: torch.Tensor, steps: int) -> "PlainRatio":
        """Train by binary cross-entropy between joint and shuffled pairs."""
        optimizer = torch.optim.Adam(self.parameters(), 2e-3)
        for _ in range(steps):
            rows = torch.randint(0, len(theta), (256,))
            logits = torch.stack(
                [self.log_ratio(theta[rows], x[rows]), self.log_ratio(theta[rows].roll(1, 0), x[rows])]
            )
            loss = torch.nn.functional.softplus(torch.tensor([[-1.0], [1.0]]) * logits).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return self


def cpu(function: Callable[[], np.ndarray]) -> float:
    """Return min bulk-ESS per CPU second of draws (chain, draw, D)."""
    begin = time.process_time()
    draws = function()
    seconds = time.process_time() - begin
    return min(ess_bulk(draws[..., i]) for i in range(draws.shape[-1])) / seconds


def ours(estimator: object, x: torch.Tensor, method: str, chains: int, samples: int, seed: int) -> np.ndarray:
    """Sample with one of our kernels or of Pyro's."""
    problem = motherlode.posterior(estimator, torch.distributions.Uniform(LOW, HIGH), x)
    result: PosteriorSamples = problem.mcmc(method, chains=chains, samples=samples, seed=seed)
    return result.samples


def sbi_draws(posterior: Any, x: torch.Tensor, chains: int, samples: int) -> np.ndarray:
    """Sample with sbi's vectorized slice sampler and return its draws by chain."""
    posterior.set_default_x(x)
    settings = {"num_chains": chains, "thin": 1, "warmup_steps": 200, "init_strategy": "resample"}
    posterior.sample((chains * samples,), method="slice_np_vectorized", show_progress_bars=False, **settings)
    return np.asarray(posterior.posterior_sampler.get_samples(group_by_chain=True))[:, 200:]


def overhead(estimator: object, x: torch.Tensor, method: str, seconds: float) -> float:
    """Return CPU time of a gradient call inside a sampler over the estimator's own, minus one."""
    begin = time.process_time()
    problem = motherlode.posterior(estimator, torch.distributions.Uniform(LOW, HIGH), x)
    info = problem.mcmc(method, chains=20, samples=500).info
    return (time.process_time() - begin) / (info["calls"] + info["warmup_calls"]) / seconds - 1.0


def bare_gradient(estimator: object, x: torch.Tensor, calls: int = 1000) -> float:
    """Return CPU seconds of one forward and backward pass through the estimator at 20 chains."""
    potential = Potential(estimator, Prior(torch.distributions.Uniform(LOW, HIGH)), Observation(x))
    theta = potential.prior.sample(20, seed=0)
    wide = x.double().expand(20, *x.shape[1:])
    begin = time.process_time()
    for _ in range(calls):
        leaf = theta.clone().requires_grad_(True)
        torch.autograd.grad(potential.event_log_likelihood(leaf, wide).sum(), leaf)
    return (time.process_time() - begin) / calls


def networks(theta: torch.Tensor, x: torch.Tensor, quick: bool) -> dict[str, tuple[object, Any]]:
    """Return by name our view of each trained network, and sbi's posterior over it where sbi is installed."""
    epochs = 3 if quick else 20
    try:
        from sbi.inference import NLE, NRE
        from sbi.utils import BoxUniform
    except ImportError:
        return {"ratio": (PlainRatio().fit(theta, x, 200 * epochs), None)}
    prior, made = BoxUniform(LOW, HIGH), {}
    for name, method, view in (("ratio", NRE, SbiRatio), ("flow", NLE, SbiFlow)):
        trainer = method(prior)
        network = trainer.append_simulations(theta, x).train(max_num_epochs=epochs, training_batch_size=500)
        made[name] = (view(network.eval()), trainer.build_posterior(sample_with="mcmc"))
    return made


def one_network(estimator: object, posterior: Any, observed: torch.Tensor, quick: bool, seed: int) -> dict[str, float]:
    """Return min bulk-ESS per CPU second of every sampler on one network."""
    rates = {
        f"{method}_{chains}": cpu(partial(ours, estimator, observed, method, chains, 500, seed))
        for method in ("nuts", "chees")
        for chains in ((20,) if quick else (20, 100))
    }
    rates["pyro_nuts"] = cpu(partial(ours, estimator, observed, "pyro-nuts", 1, 100 if quick else 500, seed))
    if posterior is not None:
        for chains in (20,) if quick else (20, 100):
            rates[f"sbi_slice_{chains}"] = cpu(partial(sbi_draws, posterior, observed, chains, 50 if quick else 300))
    return rates


def measure(quick: bool, repeats: int) -> dict[str, Any]:
    """Run every side on every network and return ratios with their ranges."""
    theta = LOW + (HIGH - LOW) * torch.rand(2_000 if quick else 10_000, 4)
    x = simulate(theta)
    observed = simulate(torch.tensor([[0.5, -0.8, 1.0, 0.2]]))
    made, report = networks(theta, x, quick), {}
    for name, (estimator, posterior) in made.items():
        runs = [one_network(estimator, posterior, observed, quick, seed) for seed in range(1 if quick else repeats)]
        report[name] = {key: [run[key] for run in runs] for key in runs[0]}
        print(name, {key: [round(r, 1) for r in value] for key, value in report[name].items()})
    seconds = bare_gradient(made["ratio"][0], observed)
    extra = {f"overhead_{m}": overhead(made["ratio"][0], observed, m, seconds) for m in ("nuts", "chees")}
    return {**ratios(report), **{key: round(value, 3) for key, value in extra.items()}}


def ratios(report: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """Return medians and ranges of our best kernel over each peer, the worst network counting."""
    result: dict[str, Any] = {}
    for peer, title in (("sbi_slice", "ours_over_sbi_best"), ("pyro_nuts", "ours_over_pyro_sequential")):
        candidates = []
        for rates in report.values():
            best = np.max([v for k, v in rates.items() if k.startswith(("nuts", "chees"))], axis=0)
            nuts = np.max([v for k, v in rates.items() if k.startswith("nuts")], axis=0)
            others = [v for k, v in rates.items() if k.startswith(peer)]
            if others:
                candidates.append((best / np.max(others, axis=0), nuts / np.max(others, axis=0)))
        if candidates:
            best, nuts = min(candidates, key=lambda pair: float(np.median(pair[0])))
            result[title] = round(float(np.median(best)), 2)
            result[f"{title}_range"] = [round(float(best.min()), 2), round(float(best.max()), 2)]
            result[f"{title}_nuts_only"] = round(float(np.median(nuts)), 2)
    return result


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if options.json:
            import contextlib
            import io

            with contextlib.redirect_stdout(io.StringIO()):
                result = measure(options.quick, options.repeats)
        else:
            result = measure(options.quick, options.repeats)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
