"""Play the state table of PPX.md against an endpoint and report what the simulator there does.

    python protocols/conformance ENDPOINT [--timeout 10] [--fuzz 1000] [--stock] [--json]

Steps that only the extension gold/1 or our own error handling promise are skipped for a peer that announces nothing,
because a stock 1.0.0 program may end its process at the first unexpected message. Exit status 1 if a step fails.
"""

import argparse
import json
import sys
from pathlib import Path

from steps import FUZZ, GOLD, PLAIN, STRICT, Failed, Table

from motherlode.ppx.client.session import Session
from motherlode.ppx.errors import WireError


def play(table: Table, stock: bool, fuzz: int) -> list[dict[str, str]]:
    """Run every step that applies and return its outcome."""
    plain = stock or not table.session().gold
    steps = [(step, "") for step in PLAIN]
    reason = "the peer announces no extension" if plain else ""
    steps += [(step, reason) for step in (*STRICT, *GOLD)]
    steps += [(FUZZ, reason or ("" if fuzz else "--fuzz 0"))]
    return [outcome(step, table, skipped) for step, skipped in steps]


def outcome(step: object, table: Table, skipped: str) -> dict[str, str]:
    """Run one step and say how it ended."""
    name = str(getattr(step, "__doc__", "")).rstrip(".")
    if skipped:
        return {"step": name, "outcome": "skipped", "detail": skipped}
    try:
        detail = step(table)  # type: ignore[operator]
    except (Failed, WireError) as error:
        table.renew()
        return {"step": name, "outcome": "FAILED", "detail": str(error)}
    return {"step": name, "outcome": "ok", "detail": detail or ""}


def main() -> int:
    """Read the command line, play, report."""
    parser = argparse.ArgumentParser(description="Play PPX against an endpoint and report.")
    parser.add_argument("endpoint")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for any one answer")
    parser.add_argument("--fuzz", type=int, default=1000, help="mutated frames to send")
    parser.add_argument("--stock", action="store_true", help="only what PPX 1.0.0 promises")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    arguments = parser.parse_args()
    golden = Path(__file__).resolve().parents[1] / "golden"
    try:
        table = Table(lambda: Session(arguments.endpoint, arguments.timeout), golden, arguments.fuzz)
    except WireError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    outcomes = play(table, arguments.stock, arguments.fuzz)
    table.close()
    if arguments.json:
        sys.stdout.write(json.dumps(outcomes) + "\n")
    else:
        for entry in outcomes:
            sys.stdout.write(f"{entry['outcome']:8s} {entry['step']}\n")
            sys.stdout.write(f"         {entry['detail']}\n" if entry["detail"] else "")
    return int(any(entry["outcome"] == "FAILED" for entry in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
