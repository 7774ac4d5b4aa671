"""Measure how good the demo's answers are: its own steps over several seeds, against dynamic programming.

    python benchmarks/demo_quality.py [--quick] [--json] [--events 20000] [--seeds 5] [--simulator cpp|python]

`mse_alices` and `mse_carl` are the mean of (log r̂ - log r)² at (-0.8, -0.6), weighted with p(x|-0.6); `shift` is the
distance of the posterior mean from the exact one in exact standard deviations, `width` the relative error of the
standard deviation: means of absolute values over seeds, smaller is better. `carl_over_alices`: bigger is better.
The last line is one JSON object.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motherlode.demo.story import open_board, tell


def cell(kind: str, events: int, seed: int) -> dict[str, float]:
    """Run the demo's steps once and return its errors."""
    board: Any = open_board(kind)
    with tempfile.TemporaryDirectory() as folder:
        story = tell(board, Path(folder), events=events, seed=seed, workers=1, methods=("alices", "carl"))
        mean, deviation = story.exact_moments()
        draws = story.samples.samples.ravel()
    getattr(board, "close", lambda: None)()
    return {
        "mse_alices": story.mse_log_ratio("alices"),
        "mse_carl": story.mse_log_ratio("carl"),
        "shift": abs(float(draws.mean()) - mean) / deviation,
        "width": abs(float(draws.std(ddof=1)) / deviation - 1),
    }


def main() -> None:
    """Print one JSON object of means and ranges over seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="5,000 events, 2 seeds")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--simulator", choices=["cpp", "python"], default="cpp")
    arguments = parser.parse_args()
    events, seeds = (5_000, 2) if arguments.quick else (arguments.events, arguments.seeds)
    torch.set_num_threads(1)
    cells = []
    for seed in range(seeds):
        cells.append(cell(arguments.simulator, events, seed))
        if not arguments.json:
            print(f"seed {seed}: " + ", ".join(f"{name} {value:.2e}" for name, value in cells[-1].items()), flush=True)
    summary: dict[str, Any] = {"events": events, "seeds": seeds}
    for name in cells[0]:
        values = [one[name] for one in cells]
        summary |= {name: float(np.mean(values)), f"{name}_range": [min(values), max(values)]}
    print(json.dumps(summary | {"carl_over_alices": summary["mse_carl"] / summary["mse_alices"]}))


if __name__ == "__main__":
    main()
