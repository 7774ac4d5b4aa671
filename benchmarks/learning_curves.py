"""Measure how fast each method learns: error of log r against exact truth over the number of events.

    python benchmarks/learning_curves.py [--quick] [--json] [--cells FILE] [--tasks a,b] [--methods a,b]
        [--sizes 1000,10000] [--seeds 5] [--figure FILE]

A cell is one training: (task, method, N, seed). Finished cells are kept in a JSON file and a rerun goes on from there.
Errors are means of (log r̂ - log r)² over x ~ p(x|θ1) for the pair (θ0, θ1) of the task:
galton (-0.8, -0.6), every slot weighted by its exact probability; linear_gaussian (1, 0); gaussian_mixture
((0.3, -0.2), (0, 0)); bernoulli_glm (0.5·true parameters, true parameters); ising (0.3, 0.4), every outcome weighted.
`runs` counts simulator runs, replays included: 1 + K + 2D for gold with a score, 1 + K without, 1 without gold.
A method NAME_k8 uses eight alternatives an event. The last line is {"mse": {task: {method: {N: mean over seeds}}}}.
"""

import argparse
import importlib.util
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tasks import MAKERS, REFERENCE, mine

import motherlode
from motherlode.surrogates import OutOfRange, TrainingOptions

ROOT = Path(__file__).parents[1]
GOLD_FREE = ["carl", "nle", "npe", "nre", "nre_contrastive", "nre_c"]
GOLD = ["rolr", "cascal", "rascal", "alice", "alices", "scandal", "rascandal", "score_matched_posterior"]
MANY = ["alice_k8", "alices_k8", "gold_contrastive_k8"]
BEST = ["alices", "alices_k8", "scandal", "gold_contrastive_k8"]
SIZES = [300, 1000, 3000, 10_000, 30_000, 100_000]

Truth = tuple[
    np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]
]


def exact(task: str) -> Any:
    """Return simulators/TASK/exact.py as a module."""
    path = ROOT / "simulators" / task / "exact.py"
    specification = importlib.util.spec_from_file_location(f"exact_{task}", path)
    if specification is None or specification.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def truth(task: str) -> Truth:
    """Return θ0, θ1 with shape (D,), x with shape (M, *L), exact log r with shape (M,) and weights (M,)."""
    if task == "galton":
        board = exact("galton")
        x = board.SLOTS.astype(np.float64)
        return np.array([-0.8]), np.array([-0.6]), x, board.log_ratio(-0.8, -0.6), board.distribution([-0.6])[0][0]
    if task == "ising":
        lattice = exact("ising")
        outcomes, _ = lattice.outcomes()
        return np.array([0.3]), np.array([0.4]), outcomes, lattice.log_ratio(0.3, 0.4), lattice.distribution(0.4)
    return _sampled_truth(task)


def _sampled_truth(task: str) -> Truth:
    pairs: dict[str, Callable[[], tuple[list[float], list[float]]]] = {
        "linear_gaussian": lambda: ([1.0], [0.0]),
        "gaussian_mixture": lambda: ([0.3, -0.2], [0.0, 0.0]),
        "bernoulli_glm": _glm_pair,
    }
    theta0, theta1 = (np.asarray(value) for value in pairs[task]())
    made = MAKERS[task]()
    generator = torch.Generator().manual_seed(99)
    x, _ = made.draw(torch.as_tensor(theta1).expand(4000, -1), generator)
    if made.log_likelihood is None:
        raise ValueError(f"{task} has no likelihood to compare with.")
    log_ratio = made.log_likelihood(torch.as_tensor(theta0), x) - made.log_likelihood(torch.as_tensor(theta1), x)
    return theta0, theta1, x.numpy(), log_ratio.numpy(), np.ones(len(x))


def _glm_pair() -> tuple[list[float], list[float]]:
    path = REFERENCE / "bernoulli_glm" / "observation_1" / "true_parameters.csv"
    true = np.loadtxt(path, delimiter=",", skiprows=1)
    return (0.5 * true).tolist(), true.tolist()


def log_ratio(estimator: Any, theta0: Any, theta1: Any, x: Any) -> np.ndarray[Any, Any]:
    """Return log r̂(x|θ0, θ1) of any kind of estimator; a posterior under a uniform proposal gives it too."""
    rows = len(x)
    a, b = np.tile(theta0, (rows, 1)), np.tile(theta1, (rows, 1))
    if estimator.task == "likelihood":
        return np.asarray(estimator.log_prob(x, a) - estimator.log_prob(x, b))
    if estimator.task == "posterior":
        return np.asarray(estimator.log_prob(a, x) - estimator.log_prob(b, x))
    if estimator.marginal:
        return np.asarray(estimator.log_ratio(a, x) - estimator.log_ratio(b, x))
    return np.asarray(estimator.log_ratio(a, x, b))


def cell(task: str, method: str, count: int, seed: int, options: TrainingOptions | None = None) -> dict[str, float]:
    """Return error, simulator runs and CPU seconds of one training."""
    name, _, alternatives = method.partition("_k")
    loss = getattr(motherlode.losses, name)
    events = mine(MAKERS[task](), count, int(alternatives or 1), seed)
    begin = time.process_time()
    estimator = motherlode.train(events, loss, seed=seed, progress=False, options=options)
    seconds = time.process_time() - begin
    theta0, theta1, x, expected, weight = truth(task)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutOfRange)
        error = np.average((log_ratio(estimator, theta0, theta1, x) - expected) ** 2, weights=weight)
    gold = name not in GOLD_FREE
    scored = gold and "joint_score" in loss.columns
    replays = (int(alternatives or 1) if "joint_log_ratio" in loss.columns else 0) + 2 * events.theta.shape[1] * scored
    return {"mse": float(error), "runs": float(count * (1 + replays)), "cpu_seconds": seconds}


def plan(task: str, sizes: list[int], seeds: int, methods: list[str] | None) -> list[tuple[str, str, int, int]]:
    """Return the cells of a task: every method up to 10,000 events, the best four beyond, on the board only."""
    cells = []
    for count in sizes:
        if task != "galton" and count > 10_000:
            continue
        chosen = methods or (GOLD_FREE + GOLD + MANY if count <= 10_000 else BEST)
        repeats = seeds if task == "galton" else min(seeds, 3)
        uniform = task != "bernoulli_glm"
        usable = [m for m in chosen if uniform or not m.startswith(("npe", "score_matched"))]
        cells += [(task, method, count, seed) for method in usable for seed in range(repeats)]
    return cells


def summary(cells: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Return {task: {method: {N: mean over seeds}}}."""
    table: dict[str, Any] = {}
    for key, values in cells.items():
        task, method, count, _ = key.split("/")
        table.setdefault(task, {}).setdefault(method, {}).setdefault(count, []).append(values["mse"])
    return {
        task: {method: {n: float(np.mean(v)) for n, v in by_size.items()} for method, by_size in methods.items()}
        for task, methods in table.items()
    }


def draw(table: dict[str, Any], path: Path) -> None:
    """Write a figure with one panel a task."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2 * len(table), 4.4), layout="constrained")
    for axes, (task, methods) in zip(figure.subplots(1, len(table), squeeze=False)[0], table.items(), strict=True):
        for method, by_size in sorted(methods.items()):
            sizes = sorted(map(int, by_size))
            style = ":" if method in GOLD_FREE else "-"
            axes.loglog(sizes, [by_size[str(n)] for n in sizes], style, marker="o", ms=3, label=method)
        axes.set(title=task, xlabel="events", ylabel="mean squared error of log r")
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the board, 300 events, four methods, short training")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--cells", type=Path, default=None, help="file of finished cells")
    parser.add_argument("--tasks", default="galton,linear_gaussian,gaussian_mixture,bernoulli_glm,ising")
    parser.add_argument("--methods", default=None)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--figure", type=Path, default=None)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    methods = arguments.methods.split(",") if arguments.methods else None
    sizes, tasks, options = [int(n) for n in arguments.sizes.split(",")], arguments.tasks.split(","), None
    if arguments.quick:
        sizes, tasks, methods = [300], ["galton"], ["carl", "alice", "alices", "gold_contrastive_k8"]
        arguments.seeds, options = 1, TrainingOptions(steps=1000)
    path = arguments.cells
    cells = json.loads(path.read_text()) if path is not None and path.exists() else {}
    for task in tasks:
        for one in plan(task, sizes, arguments.seeds, methods):
            key = "/".join(map(str, one))
            if key in cells:
                continue
            cells[key] = cell(*one, options=options)
            if path is not None:
                path.write_text(json.dumps(cells, indent=1))
            if not arguments.json:
                print(f"{key:44s} mse {cells[key]['mse']:.2e}  {cells[key]['cpu_seconds']:.0f} s", flush=True)
    table = summary(cells)
    if arguments.figure is not None:
        draw(table, arguments.figure)
    print(json.dumps({"mse": table}))


if __name__ == "__main__":
    main()
