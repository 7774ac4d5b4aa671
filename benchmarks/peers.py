"""Environments of peers: what a benchmark compares with lives in one of its own, layered over ours.

A layer is a virtual environment that holds the peer and falls back to the packages of the interpreter that runs the
benchmark, so both sides use the same torch and the same motherlode. It is kept in the user's cache.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import motherlode

__all__ = ["layer", "run_beside"]


def layer(*requirements: str, dependencies: bool = True) -> Path:
    """Return the interpreter of an environment with these requirements, made on first use.

    Parameters
    ----------
    requirements
        As for pip, pinned.
    dependencies
        Whether pip may install what the requirements need beyond our packages.
    """
    beneath = [sysconfig.get_paths()["purelib"], str(Path(motherlode.__file__).parents[1])]
    name = hashlib.sha256(repr((requirements, beneath, sys.version)).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "motherlode" / "peers" / f"{requirements[0].split('=')[0]}-{name}"
    python, done = folder / "bin" / "python", folder / ".done"
    if not done.exists():
        print(f"making an environment for {' '.join(requirements)} in {folder}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        packages = next((folder / "lib").glob("python*/site-packages"))
        (packages / "zz_beneath.pth").write_text("\n".join(beneath) + "\n")
        options = ["-q", "--disable-pip-version-check", *([] if dependencies else ["--no-deps"])]
        subprocess.run([python, "-m", "pip", "install", *options, *requirements], check=True, stdout=sys.stderr)
        done.touch()
    return python


def run_beside(module: str, *requirements: str) -> None:
    """Go on in an environment that has the module: return where it can be imported, else run this script there."""
    if importlib.util.find_spec(module) is None:
        sys.exit(subprocess.run([layer(*requirements), *sys.argv], check=False).returncode)
