"""Measure what the rule for the weights to be kept gains over the plain minimum of the validation loss.

    python benchmarks/best_weights.py [--quick] [--json] [--seeds 5]

ALICES on the Galton board and on the linear-Gaussian toy, 1,000 and 3,000 events; each seed is trained twice, with
`motherlode.training.early_stopping.EarlyStopping` and with the plain minimum, all else equal. `plain_over_ours` is the
geometric mean over seeds of the mean squared errors of log r (the pairs of benchmarks/learning_curves.py), plain over
ours, for each task and number of events: above 1 the rule gains. The last line is one JSON object.
"""

import argparse
import json
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from learning_curves import cell
from torch import Tensor, nn

from motherlode.training.early_stopping import EarlyStopping


class Plain(EarlyStopping):
    """The weights with the smallest validation loss."""

    def offer(self, parts: Tensor, step: int, estimator: nn.Module) -> bool:
        """Keep a copy of the weights if their loss is the smallest so far."""
        return float(parts.mean()) < self.loss and super().offer(parts, step, estimator)


def ratios(task: str, count: int, seeds: int) -> list[float]:
    """Return the quotient of the errors for each seed."""
    found = []
    for seed in range(seeds):
        ours = cell(task, "alices", count, seed)["mse"]
        with patch("motherlode.training.run.EarlyStopping", Plain):
            found.append(cell(task, "alices", count, seed)["mse"] / ours)
    return found


def main() -> None:
    """Print one JSON object of geometric means and ranges over seeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one number of events of one task, two seeds")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tasks, sizes = (["galton"], [1000]) if arguments.quick else (["galton", "linear_gaussian"], [1000, 3000])
    result: dict[str, Any] = {}
    for task in tasks:
        for count in sizes:
            values = ratios(task, count, 2 if arguments.quick else arguments.seeds)
            name = f"{task}_{count}"
            result |= {name: float(np.exp(np.mean(np.log(values)))), f"{name}_range": [min(values), max(values)]}
            if not arguments.json:
                print(f"{name:24s} {result[name]:.2f}  ({min(values):.2f} to {max(values):.2f})", flush=True)
    print(json.dumps({"plain_over_ours": result}))


if __name__ == "__main__":
    main()
