"""A campaign as a program of its own, so that tests can kill it."""

import os
import sys
import time
from pathlib import Path

import motherlode


def slow_normal(theta, rng):
    """Take a moment, so that a test can kill the process half-way."""
    time.sleep(0.0002)
    return rng.normal(theta[0], 1.0)


def suicidal(theta, rng):
    """Take the whole process down once; the flag tells the next process to live."""
    flag = Path(os.environ["MOTHERLODE_TEST_FLAG"])
    z = rng.normal(theta[0], 1.0)
    if z > 2.5 and not flag.exists():
        flag.touch()
        os._exit(9)
    return z


def campaign(path, function=slow_normal):
    return motherlode.Campaign(
        motherlode.wrap(function, "theta", -1.0, 1.0), events=600, alternatives=1, seed=3, path=path, shard=50
    )


if __name__ == "__main__":
    chosen = {"slow_normal": slow_normal, "suicidal": suicidal}[sys.argv[3]]
    campaign(sys.argv[1], chosen).run(workers=int(sys.argv[2]), progress=False)
