"""Measure what gold costs in Python: Pyro and plain-Python Galton boards against their own bare runs.

    python benchmarks/python_gold.py [--quick] [--json]

All costs are K=1, D=1 and smaller is better:

`pyro_total`: mining 100,000 events of the Pyro board over its bare forward pass (float64, no handlers, no gradient).
`pyro_over_sitewise`: our events/s over those of a site-by-site implementation: one trace, one gradient a site, a
replayed trace for either side of the ratio (the algorithm of LFITaskForce/benchmark's PyroSimulator, written afresh).
`replay_per_run`: mining the plain board by replay, per run (1+K+2D of them), over a run on a bare NumPy generator.
`tracked_total`: mining the same board with tracked numbers (np.exp for math.exp), over that bare run.
`numpy_per_lane`: mining a vectorized board of 2,000 balls an event by replay, per run, over its bare run.
"""

import argparse
import importlib.util
import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pyro
import torch
from pyro.poutine.util import site_is_subsample

from motherlode.core import EventStreams
from motherlode.frontends.wrapping import wrap

ROOT = Path(__file__).parents[1]
OTHER = -0.6
RUNS = 4
"""1 + K + 2D."""
BALLS = 2000
STEADY = 10**6
"""First event index: past the thousand events that are all probed."""


def load(name: str) -> ModuleType:
    """Import a board."""
    specification = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / f"simulators/galton/{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def seconds(call: Callable[[], object]) -> float:
    """Return CPU seconds of one call: other work on the machine disturbs them less than the clock."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def thetas(events: int) -> np.ndarray:
    """Return parameters from the prior, shape (N, 1)."""
    return np.random.default_rng(1).uniform(-1.0, -0.4, (events, 1))


def sitewise(
    model: Callable[[torch.Tensor], torch.Tensor], theta: torch.Tensor, other: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Extract score and log-ratio with one gradient a site."""
    theta.requires_grad_()
    trace = pyro.poutine.trace(model).get_trace(theta)
    score = torch.zeros_like(theta)
    for node in _sites(trace):
        log_prob = node["fn"].log_prob(node["value"])
        score = score + torch.autograd.grad(log_prob, theta, grad_outputs=torch.ones_like(log_prob))[0]
    log_probs = []
    for point in (theta, other):
        replayed = pyro.poutine.trace(pyro.poutine.replay(model, trace)).get_trace(point)
        log_probs.append(sum(node["fn"].log_prob(node["value"]) for node in _sites(replayed)))
    return score, log_probs[0] - log_probs[1]


def _sites(trace: pyro.poutine.Trace) -> list[dict]:
    return [node for node in trace.nodes.values() if node["type"] == "sample" and not site_is_subsample(node)]


def pyro_board(events: int) -> dict[str, float]:
    """Return seconds of the bare pass, of ours and of the site-by-site one."""
    board = load("pyro_model")
    simulator = wrap(board.galton, board.PARAMETERS, board.LOW, board.HIGH)
    theta = thetas(events)
    row = torch.tensor(theta[:, 0])
    simulator.mine(theta[:100], [[OTHER]], first=STEADY)
    with torch.no_grad():
        bare = seconds(lambda: board.galton(row))
    ours = seconds(lambda: simulator.mine(theta, [[OTHER]], first=STEADY))
    peer = seconds(lambda: sitewise(board.galton, row.clone(), torch.full_like(row, OTHER)))
    return {"pyro_total": ours / bare, "pyro_over_sitewise": peer / ours}


def balls(theta: np.ndarray, rng: np.random.Generator) -> float:
    """Throw 2,000 balls and return their mean slot."""
    nail = np.full(BALLS, 15.0)
    for row in range(20):
        s = np.sin(np.pi * row / 19)
        p = 0.5 * (1.0 - s) + s / (1.0 + np.exp(-10.0 * theta[0] * (2.0 * nail / 30 - 1.0)))
        left = rng.random(BALLS) < p
        nail = nail - left if row % 2 else nail + ~left
    return float(nail.mean())


def bare_seconds(function: Callable[..., object], theta: np.ndarray) -> float:
    """Return seconds of running a function on NumPy's own generator."""
    streams = EventStreams(1)

    def bare() -> None:
        for event, row in enumerate(theta):
            function(row, streams.at(event))

    return seconds(bare)


def plain_boards(events: int) -> dict[str, float]:
    """Return the costs of replay and of tracked numbers, one ball an event."""
    board, tracked = load("plain"), load("plain")
    tracked.math = SimpleNamespace(exp=np.exp, sin=math.sin, pi=math.pi)
    bounds = (board.PARAMETERS, board.LOW, board.HIGH)
    theta = thetas(events)
    simulators = (wrap(board.galton, *bounds), wrap(tracked.galton, *bounds, derivative="tracked"))
    for simulator in simulators:
        simulator.mine(theta[:100], [[OTHER]], first=STEADY)
    bare = bare_seconds(board.galton, theta)
    replay, one_pass = (seconds(lambda s=s: s.mine(theta, [[OTHER]], first=STEADY)) for s in simulators)
    return {"replay_per_run": replay / bare / RUNS, "tracked_total": one_pass / bare}


def array_board(events: int) -> dict[str, float]:
    """Return the cost of replay, 2,000 balls an event."""
    simulator = wrap(balls, ("theta",), -1.0, -0.4)
    theta = thetas(events)
    simulator.mine(theta[:4], [[OTHER]], first=STEADY)
    mined = seconds(lambda: simulator.mine(theta, [[OTHER]], first=STEADY))
    return {"numpy_per_lane": mined / bare_seconds(balls, theta) / RUNS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    say = (lambda text: None) if arguments.json else (lambda text: print(text, flush=True))
    rounds = []
    for _ in range(5 if arguments.quick else 9):
        plain = plain_boards(1000 if arguments.quick else 4000)
        rounds.append(pyro_board(100_000) | plain | array_board(60 if arguments.quick else 200))
        say("  ".join(f"{name} {value:.2f}" for name, value in rounds[-1].items()))
    result: dict[str, object] = {}
    for name in rounds[0]:
        values = [row[name] for row in rounds]
        result[name] = round(statistics.median(values), 3)
        result[f"{name}_range"] = [round(min(values), 3), round(max(values), 3)]
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
