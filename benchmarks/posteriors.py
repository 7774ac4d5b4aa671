"""Measure posteriors against sbibm's reference samples: C2ST and CPU seconds of each method at equal simulations.

    python benchmarks/posteriors.py [--quick] [--json] [--tasks slcp] [--methods nle,scandal_whitened] [--events 10000]

Needs the reference folder (../shared/reference). The last line is {"c2st": {task: {method: mean}}, "cpu_seconds": …};
0.5 is perfect. Training only is timed.
"""

import argparse
import json
import time
import warnings
from typing import Any

import numpy as np
import torch
from sampling import c2st, sample_posterior
from tasks import MAKERS, mine, reference
from torch import Tensor

import motherlode
from motherlode.surrogates import OutOfRange, TrainingOptions

SAMPLES = 5000


def draws(task: Any, estimator: Any, observed: Any, seed: int) -> Any:
    """Return posterior samples of an estimator for one observation."""
    if estimator.task == "posterior":
        return estimator.sample((SAMPLES,), observed)
    x = torch.as_tensor(observed).unsqueeze(0)

    def log_density(theta: Tensor) -> Tensor:
        log_prior = task.log_prior(theta)
        value = estimator.log_prob(x, theta) if estimator.task == "likelihood" else estimator.log_ratio(theta, x)
        return torch.where(torch.isfinite(log_prior), log_prior + value, log_prior)

    start = task.propose(100_000, torch.Generator().manual_seed(5))
    return sample_posterior(log_density, start, SAMPLES, seed)


def cell(name: str, method: str, events: int, seed: int, options: TrainingOptions | None) -> tuple[float, float]:
    """Return C2ST and CPU seconds of training."""
    task = MAKERS[name]()
    mined = mine(task, events, 1, seed)
    begin = time.process_time()
    loss = getattr(motherlode.losses, method)
    estimator = motherlode.train(mined, loss, seed=seed, progress=False, options=options)
    seconds = time.process_time() - begin
    estimator.requires_grad_(False)
    observed, samples = reference(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutOfRange)
        found = draws(task, estimator, observed, seed)
    return c2st(np.asarray(found).reshape(SAMPLES, -1), samples[:SAMPLES]), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1,000 events, 300 steps, NLE on slcp")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--tasks", default="slcp")
    parser.add_argument("--methods", default="nle,scandal_whitened,npe,score_matched_posterior")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options = None
    if arguments.quick:
        arguments.methods, arguments.events, options = "nle", 1000, TrainingOptions(steps=300)
    scores: dict[str, dict[str, float]] = {}
    seconds: dict[str, dict[str, float]] = {}
    for task in arguments.tasks.split(","):
        for method in arguments.methods.split(","):
            cells = [cell(task, method, arguments.events, seed, options) for seed in range(arguments.seeds)]
            scores.setdefault(task, {})[method] = float(np.mean([score for score, _ in cells]))
            seconds.setdefault(task, {})[method] = float(np.mean([spent for _, spent in cells]))
            if not arguments.json:
                print(
                    f"{task:18s} {method:24s} C2ST {scores[task][method]:.3f}  {seconds[task][method]:.0f} s",
                    flush=True,
                )
    print(json.dumps({"c2st": scores, "cpu_seconds": seconds}))


if __name__ == "__main__":
    main()
