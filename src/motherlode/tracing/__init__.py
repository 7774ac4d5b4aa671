r"""Intercept random draws: branchings, traces and the handler stack.

.. math:: \log p(x, z \mid \theta) = \sum_j \log p(z_j \mid z_{<j}, \theta)

A simulator that asks :func:`draw` for each random number can be recorded, replayed at other parameters and
conditioned without knowing it. This is the only inversion of control in the house.
"""

from motherlode.tracing.addresses import address_of, intern
from motherlode.tracing.branching import Branching, Trace
from motherlode.tracing.errors import (
    HiddenRandomness,
    InfiniteDensity,
    InvalidParameters,
    LeakError,
    MissingRandomness,
    NumberUsed,
    ReplayDiverged,
    SimulatorFailed,
)
from motherlode.tracing.handlers import Draw, Handler, alone, block, condition, draw, record, seed, stream
from motherlode.tracing.replaying import replay

__all__ = [
    "Branching",
    "Draw",
    "Handler",
    "HiddenRandomness",
    "InfiniteDensity",
    "InvalidParameters",
    "LeakError",
    "MissingRandomness",
    "NumberUsed",
    "ReplayDiverged",
    "SimulatorFailed",
    "Trace",
    "address_of",
    "alone",
    "block",
    "condition",
    "draw",
    "intern",
    "record",
    "replay",
    "seed",
    "stream",
]
