"""Explain to the owner of a Python function what stopped its mining: the line, the reason, and what to write."""

from collections.abc import Sequence

import numpy as np

from motherlode.core import MotherlodeError, philox_generator
from motherlode.core.errors import show
from motherlode.core.types import UserFunction
from motherlode.frontends.python.provenance.hidden import hidden_calls, told
from motherlode.frontends.python.provenance.leaks import Found, find_leak, record_again
from motherlode.frontends.python.provenance.lines import raised_at
from motherlode.frontends.python.provenance.logarithms import Idiom, idiom_near
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged, SimulatorFailed

__all__ = ["explain"]

_LINES = 6
_WHY = "The joint likelihood ratio would be wrong without any other sign."
_REMEDIES = {
    "add": "Let the draw carry theta: `x = rng.normal(theta, 1.0)` instead of `x = theta + rng.normal()`.",
    "mul": "Let the draw carry theta: `rng.normal(0.0, theta)` instead of `theta * rng.normal()`, "
    "`rng.exponential(theta)` instead of `theta * rng.exponential()`.",
    "div": "Let the draw carry theta: `rng.exponential(1 / theta)` instead of `-log(rng.random()) / theta`.",
    "": "Give theta to a draw instead: what x needs must come out of rng.normal(...), rng.poisson(...) or another draw "
    "whose parameters are computed from theta.",
    "if": "Replace it by a draw: `if rng.random() < p(theta):` with a probability p that depends on theta.",
    "int": "A whole number that depends on theta must be drawn: rng.poisson(mu(theta)), rng.binomial(n, p(theta)).",
}
_IDIOMS = {
    "wait": (
        "theta reaches x outside a draw, through a waiting time that is made by hand, at",
        "Draw the waiting time itself: `rng.exponential(1 / rate)` instead of `-log(rng.random()) / rate`, such as "
        "`rng.exponential(1 / theta)`.",
    ),
    "accept": (
        "theta decides on the logarithm of a uniform number, which is no draw, at",
        "Compare the uniform itself: `rng.random() < exp(dE)` instead of `log(rng.random()) < dE`. That is a draw: it "
        "is accepted with probability min(1, exp(dE)).",
    ),
    "geometric": (
        "theta reaches x outside a draw, through a geometric number that is made by hand, at",
        "Draw the number itself: `rng.geometric(p)` instead of `ceil(log(rng.random()) / log(1 - p))`.",
    ),
}
"""What a logarithm of a uniform number is used for: how the finding begins, and the remedy."""

_KINDS = {
    "add": "add",
    "sub": "add",
    "subtract": "add",
    "mul": "mul",
    "multiply": "mul",
    "truediv": "div",
    "divide": "div",
}
_NUMBERS = {"int", "floor", "ceil", "round", "index", "rint", "trunc"}


def explain(function: UserFunction, error: MotherlodeError) -> str:
    """Return a finding for what stopped the mining of ``function(theta, rng)``."""
    if isinstance(error, HiddenRandomness):
        return str(error) + told(hidden_calls(lambda: _again(function, error)))
    if isinstance(error, LeakError) and error.theta is not None and error.probe is not None:
        return _leak(error, find_leak(function, error))
    where = raised_at(_failure(function, error) if isinstance(error, SimulatorFailed) else error)
    return str(error) + _listed("It happened at", [] if where is None else [where])


def _leak(error: LeakError, found: Found) -> str:
    idiom = _logarithm(found)
    if idiom is not None:
        head, remedy = _IDIOMS[idiom.kind]
        return f"{head} {idiom.step.where}\n{idiom.step.source}\n{_consequence(error)} {_WHY}\n{remedy}"
    if found.steps:
        return _reached(error, found)
    if found.decision is None:
        return str(error) + _unfollowed(found)
    step = found.decision.step
    kind = "int" if step.operation in _NUMBERS else "if"
    head = "theta is turned into a whole number at" if kind == "int" else "theta decides without a draw at"
    return f"{head} {step.where}\n{step.source}\n{_consequence(error)} {_WHY}\n{_REMEDIES[kind]}"


def _logarithm(found: Found) -> Idiom | None:
    """Return the logarithm of a uniform on the way to x or to the decision that came out differently."""
    step = found.met or (found.steps[-1] if found.steps else found.decision.step if found.decision else None)
    idiom = None if step is None else idiom_near(step)
    if idiom is None or not found.steps:
        return idiom
    return idiom if idiom.step[:2] in {step[:2] for step in found.steps} else None


def _reached(error: LeakError, found: Found) -> str:
    at = found.met or found.steps[-1]
    kind = _KINDS.get(at.operation.strip("_"), _KINDS.get(at.operation.strip("_").removeprefix("r"), ""))
    way = [step for step in found.steps if step[:2] != at[:2]][-_LINES:]
    path = "".join(f"\n{step.source}    # line {step.line}" for step in way)
    through = f"\nOn its way to x it also goes through{path}" if way else ""
    head = f"theta reaches x outside a draw at {at.where}\n{at.source}"
    return f"{head}\n{_consequence(error)} {_WHY}\n{_REMEDIES[kind]}{through}"


def _consequence(error: LeakError) -> str:
    at, probe = show(error.theta), show(error.probe)
    if isinstance(error, ReplayDiverged):
        return (
            f"In event {error.event}, drawn at theta={at}, other draws are asked for at theta={probe}: draw "
            f"{error.position} should be {error.expected_draw or 'none'} but is {error.found_draw or 'none'}."
        )
    return (
        f"In event {error.event} x={show(error.expected)} at theta={at} became x={show(error.found)} at theta={probe}, "
        "with every draw held fixed."
    )


def _unfollowed(found: Found) -> str:
    last = "\nThe last draw before x is named instead of the line of the leak"
    if found.refused:
        return f"{last}: the function does not run with a theta that is followed ({found.refused})."
    if found.lost:
        places = [f"{step.where}\n{step.source}" for step in found.lost]
        return f"{last}: theta becomes a plain number, which cannot be followed." + _listed("That happens at", places)
    return f"{last}: theta could not be followed through code that makes a plain number of it."


def _failure(function: UserFunction, error: SimulatorFailed) -> BaseException:
    try:
        function(np.array(error.theta), philox_generator(0, 0))
    except Exception as raised:  # noqa: BLE001 - the line is all that is asked for
        return raised
    return error


def _again(function: UserFunction, error: LeakError) -> None:
    try:
        record_again(function, error)
    except Exception:  # noqa: BLE001 - whatever ran until here was seen
        return


def _listed(words: str, places: Sequence[str]) -> str:
    return f"\n{words} " + "\nand ".join(places[:_LINES]) if places else ""
