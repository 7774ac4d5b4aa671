"""Measure what the demo's training reaches on the Galton board: error of log r by ALICES and CARL on the same events.

    python benchmarks/demo_quality.py [--quick] [--json] [--events 20000] [--seeds 5]

The error is the mean of (log r̂ - log r)² at (-0.8, -0.6), weighted with p(x|-0.6) and exact by dynamic programming.
The last line is one JSON object; `mse_alices` and `mse_carl` are smaller-is-better, `carl_over_alices` bigger.
"""

import argparse
import importlib.util
import json
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

import motherlode

ROOT = Path(__file__).parents[1]


def board(name: str) -> ModuleType:
    """Return simulators/galton/NAME.py as a module."""
    path = ROOT / "simulators" / "galton" / f"{name}.py"
    specification = importlib.util.spec_from_file_location(f"galton_{name}", path)
    if specification is None or specification.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def mine(events: int, seed: int) -> Any:
    """Return Events of the plain-Python board with θ and one alternative from U(-1, -0.4)."""
    plain = board("plain")
    simulator = motherlode.wrap(plain.galton, parameters=plain.PARAMETERS, low=plain.LOW, high=plain.HIGH)
    generator = np.random.default_rng(seed)
    theta, alternatives = generator.uniform(-1.0, -0.4, (2, events))
    mined = simulator.mine(theta[:, None], alternatives[:, None, None], seed=seed)
    return motherlode.Events(
        mined.theta, mined.alternatives, mined.x, mined.joint_log_ratio, mined.joint_score, seed=seed, exchangeable=True
    )


def squared_error(estimator: Any) -> float:
    """Return the weighted mean squared error of log r(x|-0.8, -0.6)."""
    exact = board("exact")
    slots = exact.SLOTS.astype(np.float64)
    weight = exact.distribution([-0.6])[0][0]
    estimate = estimator.log_ratio(np.full((21, 1), -0.8), slots, np.full((21, 1), -0.6))
    return float(np.average((estimate - exact.log_ratio(-0.8, -0.6)) ** 2, weights=weight))


def cell(events: Any, method: str, seed: int) -> tuple[float, float]:
    """Return error and seconds of one training."""
    begin = time.perf_counter()
    estimator = motherlode.train(events, getattr(motherlode.losses, method), seed=seed, progress=False)
    return squared_error(estimator), time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="5,000 events, 2 seeds")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    count, seeds = (5_000, 2) if arguments.quick else (arguments.events, arguments.seeds)
    torch.set_num_threads(1)
    results: dict[str, list[tuple[float, float]]] = {"alices": [], "carl": []}
    for seed in range(seeds):
        events = mine(count, seed)
        for method, cells in results.items():
            cells.append(cell(events, method, seed))
            if not arguments.json:
                print(f"seed {seed} {method:7s} mse {cells[-1][0]:.2e} in {cells[-1][1]:.1f} s", flush=True)
    errors = {method: [error for error, _ in cells] for method, cells in results.items()}
    summary = {
        "events": count,
        "seeds": seeds,
        **{f"mse_{method}": float(np.mean(values)) for method, values in errors.items()},
        **{f"mse_{method}_range": [min(values), max(values)] for method, values in errors.items()},
        "carl_over_alices": float(np.mean(errors["carl"]) / np.mean(errors["alices"])),
        "seconds": {method: float(np.mean([t for _, t in cells])) for method, cells in results.items()},
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
