"""Measure C++ gold: the Galton board mined and delivered to NumPy, over the bare board and over pyprob.

    python benchmarks/cpp_gold.py [--quick] [--json] [--pyprob PYTHON]

Every ratio takes both its sides from the same repetition. `bare` is the board of simulators/galton/board.hpp on a plain
mt19937_64, without any header of motherlode, compiled with the same options.

`tracked_inprocess`: events/s mined by tangents (K=1, D=1) inside one program, over bare.
`tracked_delivered`, `replay_delivered`: events/s that arrive in Python as arrays through `launch(...).mine`
(K=1, D=1), over bare. `tracked_delivered_k4d2`: the same with four alternatives and two parameters.
`block_over_pyprob`: draws/s of the replay board's blocks over those of pyprob 1.5.0 driving the same program.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from peers import layer
from ppx_lockstep import PINS, pyprobs

import motherlode
from motherlode.events import Simulator

ROOT = Path(__file__).parents[1]
DRAWS = 20
STEADY = 10**6 + 1
"""First event index: past the thousand events that are all probed."""


def build() -> Path:
    """Compile the programs into the build folder and return it."""
    folder = ROOT / "build" / "benchmarks-cpp"
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "-S", ROOT / "benchmarks/cpp", "-B", folder, "-DCMAKE_BUILD_TYPE=Release"], **quiet)
    subprocess.run(["cmake", "--build", folder], **quiet)
    return folder


def printed_rate(program: Path, events: int) -> float:
    """Return the events/s that a program prints."""
    done = subprocess.run([program, str(events)], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[0])


def delivered_rate(simulator: Simulator, events: int, theta: list[float], alternatives: list[list[float]]) -> float:
    """Return events/s from the call of `mine` to its arrays."""
    thetas = np.tile(theta, (events, 1))
    others = np.tile(alternatives, (events, 1, 1))
    begin = time.perf_counter()
    mined = simulator.mine(thetas, others, seed=1, first=STEADY)
    seconds = time.perf_counter() - begin
    if len(mined) != events:
        raise RuntimeError(f"{len(mined)} of {events} events were mined: a rate would count those that failed.")
    return events / seconds


def repetition(folder: Path, simulators: dict[str, Simulator], events: int) -> dict[str, float]:
    """Measure everything once and return the ratios over bare."""
    bare = printed_rate(folder / "bare", 5 * events)
    narrow = ([-0.8], [[-0.6]])
    wide = ([-0.8, 1.0], [[-0.6, 1.0], [-0.5, 1.1], [-0.7, 0.9], [-0.9, 1.2]])
    rates = {
        "tracked_inprocess": printed_rate(folder / "inprocess", events),
        "tracked_delivered": delivered_rate(simulators["tracked"], events, *narrow),
        "replay_delivered": delivered_rate(simulators["replay"], events, *narrow),
        "tracked_delivered_k4d2": delivered_rate(simulators["wide"], events, *wide),
    }
    return {name: rate / bare for name, rate in rates.items()} | {"replay_draws": DRAWS * rates["replay_delivered"]}


def summary(ratios: dict[str, list[float]]) -> dict[str, object]:
    """Return median and range of each ratio."""
    fields: dict[str, object] = {}
    for name, values in ratios.items():
        fields[name] = round(statistics.median(values), 4)
        fields[f"{name}_range"] = [round(min(values), 4), round(max(values), 4)]
    return fields


def measure(folder: Path, pyprob: str, quick: bool) -> dict[str, object]:
    """Repeat and summarize."""
    events, repetitions, traces = (200_000, 3, 40) if quick else (1_000_000, 7, 300)
    simulators = {name: motherlode.launch([folder / name]) for name in ("tracked", "replay", "wide")}
    ratios: dict[str, list[float]] = {}
    for _ in range(repetitions):
        found = repetition(folder, simulators, events)
        found["block_over_pyprob"] = found.pop("replay_draws") / pyprobs(pyprob, str(folder / "replay"), traces)
        for name, value in found.items():
            ratios.setdefault(name, []).append(value)
    return summary(ratios)


def main() -> int:
    """Print the ratios as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    parser.add_argument("--pyprob", help="a Python that has pyprob 1.5.0; made on first use when absent")
    options = parser.parse_args()
    fields = measure(build(), options.pyprob or str(layer(*PINS, dependencies=False)), options.quick)
    if not options.json:
        for name, value in fields.items():
            print(f"{name:28} {value}")
    print(json.dumps(fields))
    return 0


if __name__ == "__main__":
    sys.exit(main())
