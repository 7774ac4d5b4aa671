"""Find the files that come with motherlode: beside the package when installed, in the repository when developed."""

from pathlib import Path

__all__ = ["cmake_dir", "galton_dir", "include_dir"]

_PACKAGE = Path(__file__).resolve().parents[1]


def _installed_or(installed: str, repository: str) -> Path:
    inside = _PACKAGE / installed
    return inside if inside.exists() else _PACKAGE.parents[1] / repository


def cmake_dir() -> Path:
    """Return the folder of motherlodeConfig.cmake."""
    return _installed_or("share/cmake/motherlode", "src/cpp/cmake")


def include_dir() -> Path:
    """Return the folder to put on a C++ compiler's include path."""
    return _installed_or("include", "src/cpp/include")


def galton_dir() -> Path:
    """Return the folder of the Galton board, in all its languages."""
    return _installed_or("data/galton", "simulators/galton")
