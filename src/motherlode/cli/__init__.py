"""Offer motherlode on the command line: ``motherlode demo, check, mine, train, infer, limits, report, keys``.

Commands import what they need when they run, so ``motherlode --help`` is quick. Errors that motherlode raises on
purpose end a command with their text and exit status 1; anything else is a defect and shows its traceback.
"""

from motherlode.cli.app import main

__all__ = ["main"]
