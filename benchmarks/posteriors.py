"""Measure posteriors at equal simulations against exact ones over a panel of tasks: C2ST and CPU seconds.

    python benchmarks/posteriors.py [--quick] [--json] [--tasks slcp,sir] [--methods nle,npe] [--seeds 0,1]

0.5 is perfect. ``c2st`` is the mean over eight observations drawn from the prior predictive, of the accuracy of the
best of all classifiers, known from the exact likelihood. For tasks in the reference folder ``reference`` is the C2ST of
sbibm, a trained classifier, against its samples of observation 1, with draws of the sampler here, and ``public`` the
same with draws of motherlode.posterior(...).mcmc(), or .sample(). Only training is timed. Cells are written to --out as
they finish; a rerun resumes.
The last line is {"c2st": {task: {method: mean over seeds}}, "cpu_seconds": …}.
"""

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from panel import PANEL
from sampling import best_c2st, c2st, sample_posterior
from tasks import REFERENCE, Task, mine, reference
from torch import Tensor

import motherlode
from motherlode.estimators import DirectPosterior
from motherlode.training import TrainingOptions

OBSERVATIONS, STARTS, SAMPLES, CLASSIFIED = 8, 20_000, 3000, 5000
METHODS = "nle,scandal,scandal_whitened,npe,score_matched_posterior"


def truth(task: Task, count: int = OBSERVATIONS, seed: int = 9001) -> tuple[Tensor, list[Tensor]]:
    """Return observations from the prior predictive (M, *L) and exact posterior samples of each."""
    generator = torch.Generator().manual_seed(seed)
    x, _ = task.draw(task.propose(count, generator), generator)
    found = [_sample(task, lambda theta, row=row: _likelihood(task, theta, row), generator, 1) for row in x]
    return x, found


def _likelihood(task: Task, theta: Tensor, x: Tensor) -> Tensor:
    if task.log_likelihood is None:
        raise ValueError(f"{task.name} has no likelihood to compare with.")
    return task.log_likelihood(theta, x.expand(len(theta), *x.shape))


def _sample(task: Task, log_likelihood: Any, generator: torch.Generator, seed: int, **length: int) -> Tensor:
    start = task.propose(STARTS, generator)
    return torch.as_tensor(sample_posterior(task.log_prior, log_likelihood, start, SAMPLES, seed, **length))


def posterior_of(task: Task, estimator: Any, x: Tensor) -> Any:
    """Return log q̂(θ|x) up to a constant, as a function of θ."""

    def log_density(theta: Tensor) -> Tensor:
        rows = x.expand(len(theta), *x.shape)
        if isinstance(estimator, DirectPosterior):
            return torch.as_tensor(estimator.log_prob(theta, rows))
        return torch.as_tensor(estimator.log_prob(rows, theta)) + task.log_prior(theta)

    return log_density


def accuracy(task: Task, estimator: Any, x: Tensor, samples: Tensor, seed: int) -> float:
    """Return the accuracy of the best classifier between the posterior of an estimator and the exact one."""
    log_q, generator = posterior_of(task, estimator, x), torch.Generator().manual_seed(seed)
    if isinstance(estimator, DirectPosterior):
        drawn = estimator.sample((SAMPLES,), x)
        drawn = drawn[torch.isfinite(task.log_prior(drawn))]
    else:
        fit = lambda theta: estimator.log_prob(x.expand(len(theta), *x.shape), theta)  # noqa: E731
        drawn = _sample(task, fit, generator, seed, chains=1000, steps=150)

    def difference(theta: Tensor) -> Tensor:
        value = log_q(theta) - _likelihood(task, theta, x) - task.log_prior(theta)
        return torch.where(torch.isfinite(value), value, -1e9)

    with torch.no_grad():
        return best_c2st(difference(samples), difference(drawn))


def against_reference(task: Task, estimator: Any, seed: int) -> dict[str, float]:
    """Return C2ST against the reference samples of observation 1, by the sampler here and by the public path."""
    observed, samples = reference(task.name)
    x = torch.as_tensor(observed)
    posterior = motherlode.posterior(estimator, task.prior, x.unsqueeze(0))
    if isinstance(estimator, DirectPosterior):
        public = posterior.sample(CLASSIFIED, seed=seed).samples
        return {"public": c2st(public.reshape(CLASSIFIED, -1), samples[:CLASSIFIED])}
    start = task.propose(STARTS, torch.Generator().manual_seed(seed))
    fit = lambda theta: estimator.log_prob(x.expand(len(theta), *x.shape), theta)  # noqa: E731
    drawn = sample_posterior(task.log_prior, fit, start, CLASSIFIED, seed)
    public = posterior.mcmc(chains=100, samples=100, seed=seed).samples.reshape(-1, samples.shape[1])
    chosen = np.random.default_rng(seed).choice(len(public), CLASSIFIED, replace=False)
    return {
        "reference": c2st(drawn, samples[:CLASSIFIED]),
        "public": c2st(public[chosen], samples[:CLASSIFIED]),
    }


def cell(task: Task, method: str, events: int, seed: int, options: TrainingOptions | None) -> dict[str, Any]:
    """Return what one training gives."""
    mined = mine(task, events, 1, seed)
    begin = time.process_time()
    loss = getattr(motherlode.losses, method)
    estimator = motherlode.train(mined, loss, seed=seed, progress=False, options=options, proposal=task.prior)
    seconds = time.process_time() - begin
    estimator.requires_grad_(False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x, exact = truth(task)
        each = [accuracy(task, estimator, row, samples, seed) for row, samples in zip(x, exact, strict=True)]
        result = {"c2st": float(np.mean(each)), "worst": max(each), "cpu_seconds": seconds}
        if (REFERENCE / task.name / "observation_1").exists() and options is None:
            result |= against_reference(task, estimator, seed)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1,000 events, 300 steps, NLE on two tasks")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--tasks", default=",".join(PANEL))
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--out", type=Path, help="JSON of the cells, read and written")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options = None
    if arguments.quick:
        arguments.tasks, arguments.methods, arguments.seeds = "slcp,detector", "nle", "0"
        arguments.events, options = 1000, TrainingOptions(steps=300)
    cells: dict[str, Any] = {}
    if arguments.out is not None and arguments.out.exists():
        cells = json.loads(arguments.out.read_text())
    for seed in map(int, arguments.seeds.split(",")):
        for name in arguments.tasks.split(","):
            for method in arguments.methods.split(","):
                key = f"{name}/{method}/{arguments.events}/{seed}"
                if key in cells:
                    continue
                cells[key] = cell(PANEL[name](), method, arguments.events, seed, options)
                if arguments.out is not None:
                    arguments.out.write_text(json.dumps(cells, indent=1) + "\n")
                if not arguments.json:
                    print(key, json.dumps(cells[key]), flush=True)
    print(json.dumps(summary(cells)))


def summary(cells: dict[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the means over seeds as {figure: {task: {method: mean}}}."""
    table: dict[str, dict[str, dict[str, list[float]]]] = {}
    for key, figures in cells.items():
        name, method = key.split("/")[:2]
        for figure, value in figures.items():
            table.setdefault(figure, {}).setdefault(name, {}).setdefault(method, []).append(value)
    return {
        figure: {name: {method: float(np.mean(v)) for method, v in row.items()} for name, row in rows.items()}
        for figure, rows in table.items()
    }


if __name__ == "__main__":
    main()
