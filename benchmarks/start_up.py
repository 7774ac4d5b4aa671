"""How long a start takes: importing motherlode, and a worker that mines a plain Python simulator, over bare imports.

`import_seconds` is the time of `import motherlode` above that of a bare interpreter (target: below 0.3).
`worker_over_numpy` is the time until a worker has mined one event over the time that importing NumPy, SciPy and
pyarrow takes. Both sides run in turn, as processes of their own; medians of several. The last line is one JSON object.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np

BARE = "pass"
IMPORT = "import motherlode"
LIBRARIES = "import numpy, scipy.special, scipy.stats, pyarrow.parquet"
WORKER = """
import motherlode
motherlode.wrap(lambda theta, rng: rng.normal(theta[0], 1.0), "theta", 0, 1).mine([[0.5]], [[0.6]])
"""


def seconds(code: str) -> float:
    """Return the wall-clock time of one interpreter that runs the code."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    quick = parser.parse_args().quick
    codes = (BARE, IMPORT, LIBRARIES, WORKER)
    runs = np.array([[seconds(code) for code in codes] for _ in range(5 if quick else 15)])
    extra, worker = runs[:, 1] - runs[:, 0], runs[:, 3] / runs[:, 2]
    figures = {
        "import_seconds": float(np.median(extra)),
        "import_seconds_range": [float(extra.min()), float(extra.max())],
        "worker_over_numpy": float(np.median(worker)),
        "worker_over_numpy_range": [float(worker.min()), float(worker.max())],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
