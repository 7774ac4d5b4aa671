"""Measure lockstep PPX: the same stock-protocol C++ program driven draw by draw by us, by pyprob 1.5.0 and by nobody.

    python benchmarks/ppx_lockstep.py [--quick] [--json] [--pyprob PYTHON]

All three speak with a C++ program over ipc in turn, several times in one run. Ours mines the Galton board (plain PPX
1.0.0: Run, Sample, SampleResult, ...) with traces and a joint score by wire replay; pyprob samples its prior. The
floor is a C echo server that answers frames of a SampleResult's size from a bare pyzmq REQ socket with frames of a
Sample's size.

`ours_over_pyprob`: draws/s over draws/s. `floor_over_ours`: seconds of a bare round trip over seconds of one of our
draws (1 would be the floor). pyprob lives in an environment of its own, made on first use, because it pins
flatbuffers==2.0; it borrows torch and the rest from this one.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import zmq
from peers import layer

from motherlode.core import Parameters
from motherlode.gold import mine
from motherlode.ppx.client.lockstep import Lockstep
from motherlode.ppx.client.process import Program
from motherlode.ppx.client.session import Session

ROOT = Path(__file__).parents[1]
PARAMETERS = Parameters(("theta",), (-1.0,), (-0.4,))
PINS = ["pyprob==1.5.0", "flatbuffers==2.0", "sqlitedict", "termcolor", "pydotplus"]
SAMPLE_BYTES, RESULT_BYTES = 200, 80

ECHO = f"""
#include <string.h>
#include <zmq.h>
int main(int argc, char** argv) {{
  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, ZMQ_REP);
  char frame[4096], reply[{SAMPLE_BYTES}];
  memset(reply, 1, sizeof reply);
  zmq_bind(socket, argv[argc - 1]);
  for (;;) {{
    zmq_recv(socket, frame, sizeof frame, 0);
    zmq_send(socket, reply, sizeof reply, 0);
  }}
}}
"""

PYPROB = """
import sys, time
import pyprob
pyprob.set_verbosity(0)
model = pyprob.RemoteModel(sys.argv[1])
traces = int(sys.argv[2])
model.prior(num_traces=5)
begin = time.perf_counter()
prior = model.prior(num_traces=traces)
seconds = time.perf_counter() - begin
print("RATE", sum(len(trace.variables) for trace in prior.get_values()) / seconds)
"""


def build(folder: Path) -> tuple[str, str]:
    """Compile the board and the echo server."""
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "-S", ROOT / "simulators/galton", "-B", folder / "galton"], **quiet)
    subprocess.run(["cmake", "--build", folder / "galton"], **quiet)
    (folder / "echo.c").write_text(ECHO)
    subprocess.run(["cc", "-O2", "-o", folder / "echo", folder / "echo.c", "-lzmq"], check=True)
    return str(folder / "galton/galton"), str(folder / "echo")


def ours(program: str, events: int) -> float:
    """Return our draws/s, theta and replays included: every one of them goes over the wire."""
    theta = np.full((events, 1), -0.7)
    with Session.launch((program,), 30.0) as session:
        lockstep = Lockstep(session, PARAMETERS.names)
        mine(lockstep, PARAMETERS, theta[:20], np.empty((20, 0, 1)), root=0, first=10**6 + 1)
        lockstep.draws = 0
        begin = time.perf_counter()
        mine(lockstep, PARAMETERS, theta, np.empty((events, 0, 1)), root=0, first=10**6 + 1, traces=True)
        seconds = time.perf_counter() - begin
    runs = 3 * events
    return (lockstep.draws + runs * len(PARAMETERS)) / seconds


def pyprobs(python: str, program: str, traces: int) -> float:
    """Return pyprob's draws/s."""
    server = Program((program,))
    try:
        command = [python, "-c", PYPROB, server.endpoint, str(traces)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        result = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    finally:
        server.close()
    return float(result.stdout.split("RATE")[1].split()[0])


def floor(echo: str, trips: int) -> float:
    """Return bare round trips/s."""
    server = Program((echo,))
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.connect(server.endpoint)
        frame = bytes(RESULT_BYTES)
        begin = 0.0
        for trip in range(trips + 100):
            if trip == 100:
                begin = time.perf_counter()
            socket.send(frame)
            socket.recv()
        rate = trips / (time.perf_counter() - begin)
    server.close()
    return rate


def ratio(name: str, values: list[float]) -> dict[str, object]:
    """Return the median and the range of a ratio over rounds."""
    return {name: round(statistics.median(values), 3), f"{name}_range": [round(min(values), 3), round(max(values), 3)]}


def rounds(count: int, sides: dict[str, Callable[[], float]], say: Callable[[str], None]) -> dict[str, list[float]]:
    """Measure every side in turn, `count` times."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(count):
        for name, measure in sides.items():
            rates[name].append(measure())
            say(f"{name:8s}{rates[name][-1]:12.0f} draws/s")
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 short rounds")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--pyprob", help="Python interpreter that has pyprob 1.5.0")
    arguments = parser.parse_args()
    scale = 1 if arguments.quick else 2
    say = (lambda text: None) if arguments.json else (lambda text: print(text, flush=True))
    with tempfile.TemporaryDirectory() as name:
        program, echo = build(Path(name))
        python = arguments.pyprob or str(layer(*PINS, dependencies=False))
        sides = {
            "floor": lambda: floor(echo, 20_000 * scale),
            "ours": lambda: ours(program, 500 * scale),
            "pyprob": lambda: pyprobs(python, program, 150 * scale),
        }
        rates = rounds(3 if arguments.quick else 7, sides, say)
    pairs = list(zip(rates["ours"], rates["pyprob"], rates["floor"], strict=True))
    result = ratio("ours_over_pyprob", [mine_ / theirs for mine_, theirs, _ in pairs])
    result |= ratio("floor_over_ours", [mine_ / bare for mine_, _, bare in pairs])
    result |= {"draws_per_second": {side: round(statistics.median(values)) for side, values in rates.items()}}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
