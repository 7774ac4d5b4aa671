"""Measure Neyman constructions with a 3×100 ratio net: the statistic's cost, simulation excluded.

    python benchmarks/limits.py [--quick] [--whole] [--json]

`scan_10x10_seconds`: 10×10 grid, 200 toys of 20 events at each point, every event evaluated at every point, measured
whole (--quick: five points, scaled up). `scan_25x25_seconds`: 25×25 grid, 1,000 toys of 100 events drawn from a pool of
5,000 at each point, every event evaluated at every point; `scan_25x25_nodes_seconds`: the same with log r̂ evaluated at
9×9 Chebyshev nodes and interpolated. Both are measured on three points and scaled up, the latter on all 625 with
--whole. CPU seconds of one thread, smaller is better; points can run in parallel.
"""

import argparse
import json
import time

import numpy as np
import torch

import motherlode
from motherlode.inference.frequentist import Limits, Toys


class Ready:
    """Events made beforehand: what is left is the statistic."""

    def __init__(self, size: int) -> None:
        self.noise = np.random.default_rng(0).normal(size=(size, 2))

    def simulate(self, theta: np.ndarray, seed: int, first: int = 0) -> np.ndarray:
        """Return θ plus stored noise."""
        return theta + self.noise[: len(theta)]


def study(events: int) -> Limits:
    """Return limits on two parameters from an untrained 3×100 net, which costs what a trained one does."""
    torch.manual_seed(0)
    ratio = motherlode.RatioEstimator(2, (2,), hidden=(100, 100, 100)).eval()
    x = np.random.default_rng(1).normal(size=(events, 2))
    return motherlode.limits(ratio, x, {"a": (-1.0, 1.0), "b": (-1.0, 1.0)})


def seconds_a_point(toys: Toys, count: int, points: int) -> float:
    """Return CPU seconds of the statistic of ``count`` toys at one grid point, mean over a few points."""
    truths = toys.scan.grid.points
    begin = time.process_time()
    for point in range(points):
        toys.scan.statistic(toys.log_likelihoods(truths[point], count, point))
    return (time.process_time() - begin) / points


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--whole", action="store_true", help="all 625 points of the large scan with nodes")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    options = parser.parse_args()
    torch.set_num_threads(1)
    small = study(20).toys(Ready(4_000), 10, seed=0)
    large, nodes = (study(100).toys(Ready(5_000), 25, seed=0, pool=5_000, nodes=n) for n in (None, 9))
    few = 1 if options.quick else 3
    result = {
        "scan_10x10_seconds": round(100 * seconds_a_point(small, 200, 5 if options.quick else 100), 1),
        "scan_25x25_seconds": round(625 * seconds_a_point(large, 1000, few), 1),
        "scan_25x25_nodes_seconds": round(625 * seconds_a_point(nodes, 1000, 625 if options.whole else few), 1),
    }
    if not options.json:
        print("CPU seconds of two scans, simulation excluded")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
