"""Find the Galton board that ships with motherlode, and build its C++ program where a compiler is."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from platformdirs import user_cache_path

from motherlode.core import MotherlodeError
from motherlode.core.paths import cmake_dir, galton_dir, include_dir
from motherlode.frontends.targets import load_module

__all__ = ["BoardNotBuilt", "board_module", "build_board"]


class BoardNotBuilt(MotherlodeError, RuntimeError):
    """Report that the C++ board could not be built here."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The C++ Galton board cannot be built: {reason}. "
            "The demo needs it unless it runs the Python board. "
            "On Debian or Ubuntu: apt-get install g++ cmake make libzmq3-dev cppzmq-dev libflatbuffers-dev "
            "flatbuffers-compiler; or say --simulator python."
        )


def board_module(name: str) -> ModuleType:
    """Return ``plain`` (the simulator) or ``exact`` (dynamic programming) of the board."""
    return load_module(galton_dir() / f"{name}.py")


def build_board() -> Path:
    """Return the C++ program, built into the user's cache unless it is there already.

    Raises
    ------
    BoardNotBuilt
        If cmake, a compiler or a library is missing.
    """
    folder = user_cache_path("motherlode") / f"galton-{_sources_hash()}"
    program = folder / "galton"
    if not program.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            _cmake(
                "-S", str(galton_dir()), "-B", scratch, "-DCMAKE_BUILD_TYPE=Release", f"-Dmotherlode_DIR={cmake_dir()}"
            )
            _cmake("--build", scratch, "--parallel")
            folder.mkdir(exist_ok=True)
            (Path(scratch) / "galton").replace(program)
    return program


def _cmake(*arguments: str) -> None:
    cmake = shutil.which("cmake")
    if cmake is None:
        raise BoardNotBuilt("cmake is not installed")
    done = subprocess.run([cmake, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-8:]
        raise BoardNotBuilt("cmake says: " + " / ".join(last))


def _sources_hash() -> str:
    digest = hashlib.sha256()
    for folder in (galton_dir(), cmake_dir(), include_dir()):
        for file in sorted(file for file in folder.rglob("*") if file.suffix in {".cpp", ".hpp", ".txt", ".cmake"}):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _main() -> None:
    try:
        program = build_board()
    except BoardNotBuilt as error:
        sys.exit(str(error))
    if sys.argv[1:2] == ["--link"]:
        link = Path(sys.argv[2])
        link.unlink(missing_ok=True)
        link.symlink_to(program)
        program = link
    print(f"C++ Galton board: {program}")


if __name__ == "__main__":
    _main()
