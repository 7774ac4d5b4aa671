"""Run the demo: open the board, tell the story on it, draw the figures and write the report."""

import json
import time
from pathlib import Path

from motherlode.demo.figures import draw_figures
from motherlode.demo.report import describe, report
from motherlode.demo.story import open_board, tell

__all__ = ["EVENTS", "QUICK_EVENTS", "run"]

EVENTS, QUICK_EVENTS = 200_000, 10_000
"""How many events a demo mines, and a quick one."""


def run(kind: str, out: Path, seed: int, quick: bool) -> str:
    """Run the demo and say in words what it found.

    Parameters
    ----------
    kind
        The board in C++ (``"cpp"``) or Python (``"python"``).
    out
        Directory of the figures and of ``report.json``; the events go to ``out/events``.
    seed
        Root of every random number.
    quick
        Mine, train and sample less.
    """
    begin = time.perf_counter()
    board = open_board(kind)
    try:
        story = tell(
            board,
            out,
            events=QUICK_EVENTS if quick else EVENTS,
            seed=seed,
            workers=1 if kind == "cpp" or quick else 2,
            methods=("alices", "carl"),
            quick=quick,
        )
        pictures = draw_figures(story, out, seed, 1500 if quick else 4000)
    finally:
        getattr(board, "close", lambda: None)()
    found = report(story, kind, seed, time.perf_counter() - begin)
    (out / "report.json").write_text(json.dumps(found, indent=2) + "\n")
    return describe(found, out, [picture.name for picture in pictures])
