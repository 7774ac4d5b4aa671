"""Build the C++ Galton board once a session, where there is a compiler."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def galton(request):
    """Path of the built board."""
    missing = [tool for tool in ("cmake", "c++") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
    folder = request.config.cache.mkdir("galton")
    for command in (["-S", ROOT / "simulators/galton", "-B", folder], ["--build", folder]):
        result = subprocess.run(["cmake", *command], capture_output=True, text=True, check=False)
        if result.returncode:
            pytest.fail(f"the board could not be built:\n{result.stdout}\n{result.stderr}")
    return folder / "galton"
