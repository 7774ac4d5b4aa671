"""Know whose code a frame runs, by the file it was compiled from, and name the program's line by walking out of ours.

How deep our calls are nested plays no part: every frame of this folder is passed over, however many there are.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
import scipy

from motherlode.tracing.addresses import site_of_frame

__all__ = [
    "BEYOND_LIBRARIES",
    "NEAREST",
    "Addressing",
    "is_aside",
    "is_library",
    "is_numpys",
    "is_ours",
    "is_runner",
    "keeps_aside",
    "runs_program",
]

P = ParamSpec("P")
R = TypeVar("R")
First = TypeVar("First")

_getframe = sys._getframe


def _inside(*folders: Path) -> tuple[str, ...]:
    return tuple(f"{folder}{os.sep}" for folder in folders)


_HERE = Path(__file__).parent
_OURS = _inside(_HERE.parents[1])
_NUMPY = Path(np.__file__).parent
_SCIPY = Path(scipy.__file__).parent
_LIBRARIES = ("site-packages", "dist-packages")


class Addressing:
    """Find the line that a draw belongs to: the innermost one outside some folders.

    Parameters
    ----------
    *folders
        Folders whose code is passed over, this front end's besides.

    Attributes
    ----------
    known
        Takes ``(id(frame.f_code), frame.f_lasti)`` and returns the site of a line that was found before, else None.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = _inside(_HERE, *folders)
        self._passed: dict[int, CodeType] = {}
        self._sites: dict[tuple[int, int], int] = {}
        self.known = self._sites.get

    def site(self) -> int:
        """Return the interned address of the line that called our code."""
        passed = self._passed
        frame = _getframe(1)
        code = frame.f_code
        while id(code) in passed:
            outer = frame.f_back
            if outer is None:
                break
            frame, code = outer, outer.f_code
        site = self._sites.get((id(code), frame.f_lasti))
        return self._found(frame) if site is None else site

    def _found(self, frame: FrameType) -> int:
        """Pass over the folders' code, each code object remembered and so kept; intern the line outside."""
        while frame.f_code.co_filename.startswith(self._folders) and frame.f_back is not None:
            self._passed[id(frame.f_code)] = frame.f_code
            frame = frame.f_back
        site = self._sites[id(frame.f_code), frame.f_lasti] = site_of_frame(frame)
        return site


NEAREST = Addressing()
"""A draw belongs to the line that calls the generator, be it a library's."""

BEYOND_LIBRARIES = Addressing(_HERE.parents[1], _NUMPY, _SCIPY)
"""A draw belongs to the line outside NumPy, SciPy and all of motherlode: for module-level functions."""


def is_ours(code: CodeType) -> bool:
    """Say whether code is motherlode's."""
    return code.co_filename.startswith(_OURS)


def is_numpys(code: CodeType) -> bool:
    """Say whether code is NumPy's."""
    return code.co_filename.startswith(_inside(_NUMPY))


def is_library(code: CodeType) -> bool:
    """Say whether code is of an installed package."""
    return any(part in code.co_filename for part in _LIBRARIES)


_runners: set[CodeType] = set()
_aside: set[CodeType] = set()


def runs_program(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function that calls the program: whatever called it is none of the program's lines."""
    _runners.add(function.__code__)
    return function


def keeps_aside(method: Callable[Concatenate[First, P], R]) -> Callable[Concatenate[First, P], R]:
    """Mark a method that follows values and is no part of a draw."""
    _aside.add(method.__code__)
    return method


def is_runner(code: CodeType) -> bool:
    """Say whether code calls the program."""
    return code in _runners


def is_aside(code: CodeType) -> bool:
    """Say whether code of ours follows values, so that it is no part of a draw."""
    return code in _aside or code.co_filename.startswith(_inside(_HERE / "provenance"))
