"""What tests of all layers share: the Galton board in C++ (built once), in Python and solved exactly."""

import fcntl
import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("motherlode", derandomize=True, deadline=None)
settings.load_profile("motherlode")
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def galton(request):
    """Path of the C++ board, built into the user's cache by the first worker that needs it."""
    from motherlode.demo.build import BoardNotBuilt, build_board

    lock = request.config.cache.mkdir("galton") / "lock"
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            return build_board()
        except BoardNotBuilt as error:
            if "not installed" in str(error) and not os.environ.get("CI"):
                pytest.skip(str(error))
            raise


@pytest.fixture(scope="session")
def cpp_board(galton):
    """The C++ board as a simulator."""
    from motherlode.frontends.remote import launch

    with launch([str(galton), "{endpoint}"]) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def plain():
    """The board's plain-Python module."""
    from motherlode.demo.build import board_module

    return board_module("plain")


@pytest.fixture(scope="session")
def exact():
    """The board's dynamic programming."""
    from motherlode.demo.build import board_module

    return board_module("exact")


@pytest.fixture(scope="session")
def python_board(plain):
    """The Python board as a simulator."""
    import motherlode

    return motherlode.wrap(plain.galton, plain.PARAMETERS, plain.LOW, plain.HIGH)
