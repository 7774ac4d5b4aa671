"""Name the messages of PPX as frozen dataclasses that mirror the tables of ``ppx.fbs``.

Tensors are float64 arrays, blocks are arrays with their shapes restored. N events, D parameters, K alternatives.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motherlode.core.types import Array
from motherlode.ppx.format.schema import ErrorCode, Recorded, Tier

__all__ = [
    "Body",
    "Described",
    "Error",
    "FailureEntry",
    "GoldBlock",
    "GoldRun",
    "Handshake",
    "HandshakeResult",
    "Observe",
    "ObserveResult",
    "Reset",
    "Run",
    "RunResult",
    "Sample",
    "SampleResult",
    "SiteEntry",
    "Table",
    "Tag",
    "TagResult",
    "TraceBlock",
]


@dataclass(frozen=True, eq=False)
class Described:
    """What a simulator says of itself. Bounds have shape (D,) or are None: not declared."""

    extensions: tuple[str, ...]
    version: str
    parameter_names: tuple[str, ...]
    parameter_low: Array | None
    parameter_high: Array | None
    tier: Tier
    max_events: int
    max_message_size: int


@dataclass(frozen=True, eq=False)
class GoldRun:
    """The gold part of a Run: theta (N,D), alternatives (N,K,D), steps (N,D) or None, probe bounds (D,) or None."""

    record: Recorded
    seed: int
    first: int
    theta: Array
    alternatives: Array
    steps: Array | None = None
    probe_low: Array | None = None
    probe_high: Array | None = None
    probe_events: int = 1000
    probe_every: int = 100

    @property
    def count(self) -> int:
        """N, the number of events asked for."""
        return len(self.theta)


@dataclass(frozen=True)
class SiteEntry:
    """An address of a block's branchings."""

    address: str
    name: str
    family: str
    observed: bool


@dataclass(frozen=True, eq=False)
class TraceBlock:
    """Ragged branchings: rows offsets[i] to offsets[i+1] are event i's. log_prob has shape (M, 1+K)."""

    sites: tuple[SiteEntry, ...]
    offsets: NDArray[np.int64]
    site: NDArray[np.uint32]
    value: Array
    parameter_offsets: NDArray[np.int64]
    parameters: Array
    log_prob: Array


@dataclass(frozen=True)
class FailureEntry:
    """An event that raised: its absolute index and why."""

    event: int
    text: str


@dataclass(frozen=True, eq=False)
class GoldBlock:
    """Columns of the R = count - len(failures) events that did not fail: x (R,*L), ratios (R,K), scores (R,D)."""

    first: int
    count: int
    x: Array
    joint_log_ratio: Array
    joint_score: Array
    draws: int = 0
    probed: int = 0
    score_discrepancy: float = 0.0
    failures: tuple[FailureEntry, ...] = ()
    traces: TraceBlock | None = None
    diverted: int = 0

    @property
    def x_shape(self) -> tuple[int, ...]:
        """Shape (*L) of one x."""
        return self.x.shape[1:]


@dataclass(frozen=True)
class Handshake:
    """The client greets."""

    system_name: str
    extensions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class HandshakeResult:
    """The simulator greets back; without `simulator` it is a plain PPX 1.0.0 peer."""

    system_name: str
    model_name: str
    simulator: Described | None = None


@dataclass(frozen=True)
class Run:
    """Run once in lockstep, or a block of events with `gold`."""

    gold: GoldRun | None = None


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run returned: a tensor in lockstep, a block after a gold run."""

    result: Array | None = None
    block: GoldBlock | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """The simulator asks for a draw; `parameters` are in the family's order."""

    address: str
    name: str
    family: str
    parameters: tuple[Array, ...]
    control: bool = True


@dataclass(frozen=True, eq=False)
class SampleResult:
    """The value of a draw."""

    result: Array


@dataclass(frozen=True, eq=False)
class Observe:
    """The simulator says what it observes; without `value` the client draws it."""

    address: str
    name: str
    family: str
    parameters: tuple[Array, ...]
    value: Array | None = None


@dataclass(frozen=True)
class ObserveResult:
    """An Observe was heard."""


@dataclass(frozen=True, eq=False)
class Tag:
    """The simulator notes a value for people."""

    address: str
    name: str
    value: Array | None = None


@dataclass(frozen=True)
class TagResult:
    """A Tag was heard."""


@dataclass(frozen=True)
class Reset:
    """A run is given up, by either side."""


@dataclass(frozen=True, eq=False)
class Error:
    """Why a request was refused or a run ended; the fields of a leak are those of `LeakError`."""

    code: ErrorCode | int
    text: str = ""
    event: int = 0
    address: str | None = None
    theta: Array | None = None
    probe: Array | None = None
    expected: Array | None = None
    found: Array | None = None


Body = (
    Handshake
    | HandshakeResult
    | Run
    | RunResult
    | Sample
    | SampleResult
    | Observe
    | ObserveResult
    | Tag
    | TagResult
    | Reset
    | Error
)
"""A message."""

Table = Body | Described | GoldRun | SiteEntry | TraceBlock | FailureEntry | GoldBlock
"""A message or a part of one: a dataclass that mirrors a table."""
