"""Measure how fast each method learns: error of log r against exact truth over the number of events.

    python benchmarks/learning_curves.py [--quick] [--json] [--cells FILE] [--tasks a,b] [--methods a,b]
        [--sizes 1000,10000] [--seeds 5] [--part 1/2] [--figure FILE]
        [--table FILE]

A cell is one training: (task, method, N, seed). Finished cells are kept in a JSON file and a rerun goes on from there;
--sizes 0 trains nothing and sums up what is there. Processes that share the file take a part each (1/2, 2/2);
first seeds come first, so that stopping early leaves fewer seeds, not fewer methods.
`mse` is the mean of (log r̂ - log r)² over x ~ p(x|θ1) for the pair (θ0, θ1) of the task: galton (-0.8, -0.6) and ising
(0.3, 0.4), every outcome weighted with its exact probability; lotka_volterra, T = 0.5, two opposite corners of a small
box, weighted too; linear_gaussian (1, 0); gaussian_mixture ((0.3, -0.2), (0, 0)); bernoulli_glm (half the true
parameters, the true parameters). `score_mse` is that of ∇θ log p at θ1, summed over parameters; `nll_gap` the mean of
log p - log p̂ there, of likelihood estimators where p is known with its normalization.
`runs` counts simulator runs, replays included: 1 + K + 2D for gold with a score, 1 + K without, 1 without gold.
A method NAME_k8 uses eight alternatives an event, NAME_e5 is an ensemble of five trainings on the same events.
The last line is the JSON object of benchmarks/curve_summary.py.
"""

import argparse
import json
import re
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from curve_figure import draw
from curve_summary import GOLD_FREE, summarize
from curve_table import write_tables
from tasks import MAKERS, mine
from truths import Array, Truth, truth

import motherlode
from motherlode.core.files import write_text
from motherlode.core.locks import locked
from motherlode.estimators import DirectPosterior, LogLikelihood, OutOfRangeWarning
from motherlode.estimators.errors import TrainingError
from motherlode.training import TrainingOptions
from motherlode.training.ensembles import train_ensemble

GOLD = ["rolr", "cascal", "rascal", "alice", "alices", "scandal", "rascandal", "score_matched_posterior"]
MANY = ["alice_k8", "alices_k8", "gold_contrastive_k8", "gold_contrastive_score_k8"]
ENSEMBLES = ["alices_e5", "gold_contrastive_score_k8_e5"]
METHOD = re.compile(r"(\w+?)(?:_k(\d+))?(?:_e(\d+))?")
FREE = ["carl", "nle", "npe", "nre", "nre_contrastive", "nre_c"]
LARGE = ["alices", "alices_k8", "scandal", "gold_contrastive_k8", "gold_contrastive_score_k8", *GOLD_FREE]
SIZES = [300, 1000, 3000, 10_000, 30_000, 100_000]
COMPARED, COMPARED_SEEDS = ["alice", "alices"], 10


def estimates(estimator: Any, known: Truth) -> tuple[Array, Array, Array | None]:
    """Return log r̂ (M,), t̂ (M, D) and, of a likelihood estimator, log p̂ (M,); a uniform proposal is assumed."""
    x = torch.as_tensor(known.x)
    at0 = torch.as_tensor(known.theta0).expand(len(x), -1)
    at1 = torch.as_tensor(known.theta1).expand(len(x), -1).clone().requires_grad_()
    values = [_log_p(estimator, theta, x) for theta in (at0, at1)]
    (score,) = torch.autograd.grad(values[1].sum(), at1)
    log_ratio = (values[0] - values[1]).detach().double().numpy()
    density = values[1].detach().double().numpy() if _is_likelihood(estimator) else None
    return log_ratio, score.double().numpy(), density


def _is_likelihood(estimator: Any) -> bool:
    return isinstance(estimator, LogLikelihood) and not isinstance(estimator, DirectPosterior)


def _log_p(estimator: Any, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    if _is_likelihood(estimator):
        value: torch.Tensor = estimator.log_prob(x, theta)
    elif isinstance(estimator, DirectPosterior):
        value = estimator.log_prob(theta, x)
    else:
        value = estimator.potential(theta, x)
    return value


def errors(estimator: Any, known: Truth) -> dict[str, float]:
    """Return mse, score_mse and, where it is defined, nll_gap."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutOfRangeWarning)
        log_ratio, score, density = estimates(estimator, known)
    squares = {"mse": (log_ratio - known.log_ratio) ** 2, "score_mse": ((score - known.score) ** 2).sum(1)}
    if density is not None and known.log_p is not None:
        squares["nll_gap"] = known.log_p - density
    return {name: float(np.average(values, weights=known.weight)) for name, values in squares.items()}


def cell(task: str, method: str, count: int, seed: int, options: TrainingOptions | None = None) -> dict[str, Any]:
    """Return errors, simulator runs and CPU seconds of one training, or what made it fail."""
    matched = METHOD.fullmatch(method)
    if matched is None:
        raise SystemExit(f"The method {method!r} is not LOSS, LOSS_kK, LOSS_eM or LOSS_kK_eM.")
    loss, alternatives, members = getattr(motherlode.losses, matched[1]), int(matched[2] or 1), int(matched[3] or 1)
    events = mine(MAKERS[task](), count, alternatives, seed)
    begin = time.process_time()
    try:
        if members == 1:
            estimator = motherlode.train(events, loss, seed=seed, progress=False, options=options)
        else:
            estimator = train_ensemble(events, loss, members, seed=seed, progress=False, options=options)
    except TrainingError as error:
        return {"failed": str(error)}
    seconds = time.process_time() - begin
    gold = set(loss.columns) & {"joint_log_ratio", "joint_score"}
    replays = alternatives * ("joint_log_ratio" in gold) + 2 * events.theta.shape[1] * ("joint_score" in gold)
    found = errors(estimator, truth(task))
    return found | {"runs": float(count * (1 + replays)), "cpu_seconds": seconds}


def plan(task: str, sizes: list[int], seeds: int, methods: list[str] | None) -> list[tuple[str, str, int, int]]:
    """Return the cells of a task: every method up to 10,000 events, the best beyond, on the board only.

    Without a choice of methods, alice and alices take ten seeds, because their quotient is a target.
    """
    cells = []
    for count in sizes:
        if count <= 0 or (task != "galton" and count > 10_000):
            continue
        usual = FREE + GOLD + MANY + (ENSEMBLES if task == "galton" else [])
        chosen = methods or (usual if count <= 10_000 else LARGE)
        repeats = seeds if task == "galton" else min(seeds, 3)
        uniform = task != "bernoulli_glm"
        for method in (m for m in chosen if uniform or not m.startswith(("npe", "score_matched"))):
            many = methods is None and method in COMPARED and count <= 10_000
            cells += [(task, method, count, seed) for seed in range(COMPARED_SEEDS if many else repeats)]
    return cells


def keep(path: Path, key: str, values: dict[str, Any]) -> None:
    """Add a cell to a file that other processes add to as well."""
    with locked(path.parent):
        cells = json.loads(path.read_text()) if path.exists() else {}
        write_text(path, json.dumps(cells | {key: values}, indent=1, sort_keys=True) + "\n")


def _line(values: dict[str, Any]) -> str:
    return ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in values.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the board, 300 events, four methods, short training")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--cells", type=Path, default=None, help="file of finished cells")
    parser.add_argument("--tasks", default="galton,linear_gaussian,gaussian_mixture,bernoulli_glm,ising,lotka_volterra")
    parser.add_argument("--methods", default=None)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--part", default="1/1", help="which of how many parts of the cells to train")
    parser.add_argument("--figure", type=Path, default=None)
    parser.add_argument("--table", type=Path, default=None, help="file for Markdown tables")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    methods = arguments.methods.split(",") if arguments.methods else None
    sizes, tasks, options = [int(n) for n in arguments.sizes.split(",")], arguments.tasks.split(","), None
    if arguments.quick:
        sizes, tasks, methods = [300], ["galton"], ["carl", "alice", "alices", "gold_contrastive_k8"]
        arguments.seeds, options = 1, TrainingOptions(steps=1000)
    path = arguments.cells
    cells = json.loads(path.read_text()) if path is not None and path.exists() else {}
    which, parts = map(int, arguments.part.split("/"))
    planned = [one for task in tasks for one in plan(task, sizes, arguments.seeds, methods)]
    planned.sort(key=lambda one: one[3])
    for one in planned[which - 1 :: parts]:
        key = "/".join(map(str, one))
        if key in cells:
            continue
        cells[key] = cell(*one, options=options)
        if path is not None:
            keep(path, key, cells[key])
        if not arguments.json:
            print(f"{key:44s} {_line(cells[key])}", flush=True)
    if path is not None and path.exists():
        cells = json.loads(path.read_text())
    table = summarize(cells)
    if arguments.figure is not None:
        draw(table["mse"], arguments.figure)
    if arguments.table is not None:
        write_tables(table, arguments.table)
    print(json.dumps(table))


if __name__ == "__main__":
    main()
