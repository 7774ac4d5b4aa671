"""Measure min bulk-ESS per CPU second of the batched samplers against Pyro's and sbi's on the same networks.

    python benchmarks/mcmc.py [--quick] [--json] [--repeats 3]

Four parameters, one observation, three tasks (`mcmc_networks.py`): posteriors nearly uncorrelated, correlated, and
Lotka-Volterra; on each sbi's ratio net and flow, on the last our ratio net as well. sbi 0.27 lives in an environment of
its own, made on first use. Every side makes 200 warm-up and 300 kept transitions a chain,
ours and sbi's with 20 and with 100 chains, of which each side's better one counts; Pyro runs one chain. (`--quick`: 20
chains, a quarter of the transitions for Pyro and sbi, three networks.)

The last line is one JSON object. `ours_over_sbi_best` and `ours_over_pyro_sequential` are the **smallest** over the
networks of the median over repeats, warm-up counted on both sides; `_mean` is the geometric mean over networks,
`_without_warmup` leaves warm-up out on both sides (sbi's by its share of the transitions), `_nuts_only` takes NUTS for
ours; `by_network` has them all, and `disagreement` the largest distance of posterior means in sd.

`by_network` also has `recording_over_plain_METHOD`: our ESS per CPU second at 20 chains, over that of the same chains
when every gradient calls the network through autograd instead of replaying a recording.

`overhead_METHOD_eventsM` is smaller-is-better: CPU time of one batched gradient call in the sampler at 20 chains,
everything counted, over the network's own forward and backward pass in torch, minus one. Negative is possible: chains
replay a recording (`motherlode.inference.mcmc.recording`) that skips most of what torch spends around the arithmetic;
`over_recording_METHOD_eventsM` therefore takes that replay as the floor.
"""

import argparse
import contextlib
import io
import json
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import torch
from mcmc_networks import Network, tasks, train
from peers import run_beside

import motherlode
from motherlode.inference import Observation, Potential, Prior
from motherlode.inference.convergence import ess_bulk
from motherlode.inference.mcmc import gradients
from motherlode.inference.mcmc.gradients import recorded_gradient

WARMUP, DRAWS, OURS = 200, 300, ("nuts", "chees")


class Rate(NamedTuple):
    """Min bulk-ESS per CPU second with and without warm-up, and the posterior mean and sd found."""

    whole: float
    sampling: float
    mean: np.ndarray[Any, Any]
    sd: np.ndarray[Any, Any]


def rate(draws: np.ndarray[Any, Any], seconds: float, warm: float) -> Rate:
    """Return the rates of draws ``(chain, draw, D)``."""
    draws = np.asarray(draws, dtype=float)
    ess = min(ess_bulk(draws[..., i]) for i in range(draws.shape[-1]))
    return Rate(ess / seconds, ess / (seconds - warm), draws.mean(axis=(0, 1)), draws.std(axis=(0, 1)))


def ours(network: Network, method: str, chains: int, seed: int, share: int = 1) -> Rate:
    """Sample with one of our kernels, or one of Pyro's through us, making one ``share``-th of the transitions."""
    begin = time.process_time()
    problem = motherlode.posterior(network.estimator, network.prior, network.observed)
    result = problem.mcmc(method, chains=chains, samples=DRAWS // share, warmup=WARMUP // share, seed=seed)
    return rate(result.samples, time.process_time() - begin, result.info["warmup_cpu_seconds"])


def plain(network: Network, method: str, seed: int) -> Rate:
    """Sample 20 chains with one of our kernels, the network called through autograd at every step."""
    with patch.object(gradients, "recorded", lambda function, example: function):
        return ours(network, method, 20, seed)


def sbi(network: Network, chains: int, share: int = 1) -> Rate:
    """Sample with sbi's vectorized slice sampler, making one ``share``-th of the transitions."""
    warmup, draws = WARMUP // share, DRAWS // share
    begin = time.process_time()
    network.posterior.set_default_x(network.observed)
    settings = {"num_chains": chains, "thin": 1, "warmup_steps": warmup, "init_strategy": "resample"}
    network.posterior.sample((chains * draws,), method="slice_np_vectorized", show_progress_bars=False, **settings)
    kept = np.asarray(network.posterior.posterior_sampler.get_samples(group_by_chain=True))[:, warmup:]
    seconds = time.process_time() - begin
    return rate(kept, seconds, seconds * warmup / (warmup + draws))


def one_network(network: Network, quick: bool, seed: int) -> dict[str, Rate]:
    """Return the rate of every sampler on one network."""
    sizes, share = ((20,), 4) if quick else ((20, 100), 1)
    rates = {f"{method}_{chains}": ours(network, method, chains, seed) for method in OURS for chains in sizes}
    rates |= {f"plain_{method}": plain(network, method, seed) for method in OURS}
    rates["pyro_nuts"] = ours(network, "pyro-nuts", 1, seed, share)
    return rates | {f"sbi_slice_{chains}": sbi(network, chains, share) for chains in sizes}


def best(runs: list[dict[str, Rate]], prefixes: tuple[str, ...], field: str) -> np.ndarray[Any, Any]:
    """Return the rates, one a repeat, of the configuration with the highest median."""
    names = [name for name in runs[0] if name.startswith(prefixes)]
    columns = [np.array([getattr(run[name], field) for run in runs]) for name in names]
    return max(columns, key=np.median) if columns else np.array([])


def compare(runs: list[dict[str, Rate]]) -> dict[str, Any]:
    """Return ratios to each peer on one network, with their ranges."""
    found: dict[str, Any] = {}
    for title, peer in (("ours_over_sbi_best", "sbi_slice"), ("ours_over_pyro_sequential", "pyro_nuts")):
        for suffix, prefixes, field in (
            ("", OURS, "whole"),
            ("_without_warmup", OURS, "sampling"),
            ("_nuts_only", ("nuts",), "whole"),
        ):
            peers = best(runs, (peer,), field)
            if len(peers):
                ratio = best(runs, prefixes, field) / peers
                found[title + suffix] = round(float(np.median(ratio)), 2)
                found[f"{title + suffix}_range"] = [round(float(ratio.min()), 2), round(float(ratio.max()), 2)]
    for method in OURS:
        ratio = np.array([run[f"{method}_20"].whole / run[f"plain_{method}"].whole for run in runs])
        found[f"recording_over_plain_{method}"] = round(float(np.median(ratio)), 2)
    sides = runs[0].values()
    spread = np.median([side.sd for side in sides], axis=0)
    found["disagreement"] = round(float((np.ptp([side.mean for side in sides], axis=0) / spread).max()), 2)
    found["rates"] = {name: round(float(np.median([run[name].whole for run in runs])), 1) for name in runs[0]}
    return found


def gather(by_network: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the smallest ratio over networks with its range, and the geometric mean."""
    result: dict[str, Any] = {}
    titles = [t for t in next(iter(by_network.values())) if t.startswith("ours") and not t.endswith("_range")]
    for title in titles:
        worst = min(by_network.values(), key=lambda found: found[title])
        result[title], result[f"{title}_range"] = worst[title], worst[f"{title}_range"]
        logs = [np.log(found[title]) for found in by_network.values()]
        result[f"{title}_mean"] = round(float(np.exp(np.mean(logs))), 2)
    return result


def cpu(function: Callable[[], object], calls: int = 500, tries: int = 5) -> float:
    """Return CPU seconds of one call, the least of several measurements."""
    seconds = []
    for _ in range(tries):
        begin = time.process_time()
        for _ in range(calls):
            function()
        seconds.append((time.process_time() - begin) / calls)
    return min(seconds)


def overheads(network: Network, events: int) -> dict[str, float]:
    """Return what a gradient call in each sampler costs beyond the network's own, at 20 chains."""
    observed = network.observed if events == 1 else tasks()["lotka_volterra"].draw(events)[1]
    problem = motherlode.posterior(network.estimator, network.prior, observed)
    potential = Potential(network.estimator, Prior(network.prior), Observation(observed))
    theta = potential.prior.sample(20, seed=0)

    def forward_and_backward() -> None:
        leaf = theta.clone().requires_grad_(True)
        torch.autograd.grad(potential.log_likelihood(leaf).sum(), leaf)

    replay = recorded_gradient(potential.log_likelihood)
    replay(theta.numpy())
    floor, recorded = cpu(forward_and_backward), cpu(lambda: replay(theta.numpy()))
    report = {f"network_us_events{events}": 1e6 * floor, f"recording_us_events{events}": 1e6 * recorded}
    for method in OURS:
        calls = 0

        def sample() -> None:
            nonlocal calls
            info = problem.mcmc(method, chains=20, samples=DRAWS, warmup=WARMUP).info  # noqa: B023
            calls = info["calls"] + info["warmup_calls"]

        seconds = cpu(sample, calls=1, tries=2) / calls
        report[f"overhead_{method}_events{events}"] = seconds / floor - 1.0
        report[f"over_recording_{method}_events{events}"] = seconds / recorded - 1.0
    return {key: round(value, 2) for key, value in report.items()}


def measure(quick: bool, repeats: int) -> dict[str, Any]:
    """Run every side on every network and return ratios with their ranges."""
    made, by_network = train(quick), {}
    ours(next(iter(made.values())), "nuts", 20, 0)
    for name, network in made.items():
        runs = [one_network(network, quick, seed) for seed in range(1 if quick else repeats)]
        by_network[name] = compare(runs)
        print(name, json.dumps(by_network[name]), flush=True)
    own = made["lotka_volterra_motherlode"]
    extra = {key: value for events in ((1,) if quick else (1, 20)) for key, value in overheads(own, events).items()}
    return {**gather(by_network), **extra, "by_network": by_network}


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    run_beside("sbi", "sbi==0.27.0")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    silence = contextlib.redirect_stdout(io.StringIO()) if options.json else contextlib.nullcontext()
    with warnings.catch_warnings(), silence:
        warnings.simplefilter("ignore")
        result = measure(options.quick, options.repeats)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
