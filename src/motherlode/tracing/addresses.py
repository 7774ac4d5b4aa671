"""Name the places where draws are made: ``file:function:line``, interned to small integers.

Paths are relative to the package or project that holds the file and never absolute, so that a trace means the
same on another machine. Repeated draws at one place are told apart by their order within the trace.
"""

import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType

__all__ = ["address_of", "intern", "known_site", "place", "relative_path", "site_of_frame"]

_PROJECT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", ".hg")

_addresses: list[str] = []
_sites: dict[str, int] = {}
_by_code: dict[tuple[int, int], int] = {}
_codes: dict[int, CodeType] = {}
_lock = threading.Lock()

known_site = _by_code.get
"""Return the site for ``(id(frame.f_code), frame.f_lasti)``, None where :func:`site_of_frame` was never asked."""


def intern(address: str) -> int:
    """Return the integer that stands for `address` in this process."""
    site = _sites.get(address)
    if site is None:
        with _lock:
            site = _sites.setdefault(address, len(_addresses))
            if site == len(_addresses):
                _addresses.append(address)
    return site


def address_of(site: int) -> str:
    """Return the address that :func:`intern` gave `site` for."""
    return _addresses[site]


def place(address: str) -> str:
    """Return ``file:line (function)`` for ``file:function:line``, and any other address as it is."""
    file, function, line = (["", "", *address.rsplit(":", 2)])[-3:]
    if not file or not line.isdigit():
        return address
    return f"{file}:{line}" if function.startswith("<") else f"{file}:{line} ({function})"


def site_of_frame(frame: FrameType) -> int:
    """Return the site of the line that a frame is at.

    The instruction offset serves as a key of the cache only; the address holds the line.
    """
    known = known_site((id(frame.f_code), frame.f_lasti))
    return _intern_frame(frame) if known is None else known


def _intern_frame(frame: FrameType) -> int:
    """Intern the frame's line; the code object is kept, so that its id is never used again."""
    code = _codes.setdefault(id(frame.f_code), frame.f_code)
    site = intern(f"{relative_path(code.co_filename)}:{code.co_name}:{frame.f_lineno}")
    _by_code[id(code), frame.f_lasti] = site
    return site


def relative_path(filename: str) -> str:
    """Return `filename` relative to the project or the import root that holds it, else its last part."""
    if filename.startswith("<"):
        return filename
    path = Path(filename).resolve()
    roots = [*_project_roots(path), *_import_roots(path)]
    return path.relative_to(roots[0]).as_posix() if roots else path.name


def _project_roots(path: Path) -> list[Path]:
    if "site-packages" in path.parts or "dist-packages" in path.parts:
        return []
    return [parent for parent in path.parents if any((parent / mark).exists() for mark in _PROJECT_MARKS)][:1]


def _import_roots(path: Path) -> list[Path]:
    entries = [Path(os.path.abspath(entry)) for entry in sys.path if entry]  # noqa: PTH100
    holders = [entry for entry in entries if entry in path.parents]
    return sorted(holders, key=lambda entry: -len(entry.parts))
