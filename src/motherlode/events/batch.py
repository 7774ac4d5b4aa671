"""Hold a batch of mined events as arrays, one row an event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

import numpy as np

from motherlode.core.types import Array, Bools, Integers
from motherlode.events.audit import PROBE_EVENTS, Audit, audit_gold, rows_not_finite
from motherlode.events.counts import Counts, Failure
from motherlode.events.errors import EventsError
from motherlode.events.traces import TraceColumns

__all__ = ["Events", "all_exchangeable"]

Common = TypeVar("Common")


@dataclass(frozen=True, eq=False)
class Events:
    """Hold N events.

    Attributes
    ----------
    theta
        Where each event was drawn, shape (N, D), float64.
    alternatives
        Where gold was evaluated, shape (N, K, D).
    x
        The simulator's output, shape ``(N, *L)``.
    joint_log_ratio
        log p(x,z|θ) - log p(x,z|alternative_k), shape (N, K); +inf where the event is impossible at the alternative.
    joint_score
        ∇θ log p(x,z|θ) at θ, shape (N, D); NaN where it does not exist.
    event
        Index of each event, so that row i used stream (seed, event[i]); shape (N,).
    seed
        Seed of the streams; None where batches of several seeds were joined.
    exchangeable
        Whether (θ, alternatives) were proposed exchangeably, which pair losses need; None where nobody said.
    traces
        The branchings, if recorded.
    failures
        Events that are missing because the simulator raised; p(x|θ) is then truncated.
    counts
        How the batch was mined.

    Raises
    ------
    EventsError
        If shapes do not fit, θ or an alternative is not finite, or a joint log-ratio is NaN.

    Examples
    --------
    Two events by hand, with one alternative each; simulators make such batches by ``mine``:

    >>> import numpy as np
    >>> theta, alternatives = np.zeros((2, 1)), np.ones((2, 1, 1))
    >>> x = np.array([0.5, 2.0])
    >>> events = Events(theta, alternatives, x, joint_log_ratio=0.5 - x[:, None], joint_score=x[:, None])
    >>> len(events), events.joint_log_ratio.tolist()
    (2, [[0.0], [-1.5]])
    """

    theta: Array
    alternatives: Array
    x: Array
    joint_log_ratio: Array
    joint_score: Array
    event: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    seed: int | None = 0
    exchangeable: bool | None = None
    traces: TraceColumns | None = None
    failures: tuple[Failure, ...] = ()
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        for name in ("theta", "alternatives", "x", "joint_log_ratio", "joint_score"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        if self.event.size == 0 and len(self.theta):
            object.__setattr__(self, "event", np.arange(len(self.theta), dtype=np.int64))
        self._check_shapes()
        if not (np.isfinite(self.theta).all() and np.isfinite(self.alternatives).all()):
            raise EventsError(
                "theta or alternatives hold NaN or infinity: no density was evaluated there. Drop the rows."
            )
        if np.isnan(self.joint_log_ratio).any():
            rows = np.flatnonzero(np.isnan(self.joint_log_ratio).any(axis=1))
            raise EventsError(
                f"joint_log_ratio is NaN in {len(rows)} events, first in row {rows[0]}: a density is undefined. "
                "A surrogate would learn nothing from NaN. Record such events as failures."
            )

    def _check_shapes(self) -> None:
        if self.theta.ndim != 2 or self.alternatives.ndim != 3:
            shapes = f"{self.theta.shape} and {self.alternatives.shape}"
            raise EventsError(f"theta and alternatives have shapes {shapes}; (N, D) and (N, K, D) are needed.")
        n, k, d = self.alternatives.shape
        wanted = {"theta": (n, d), "joint_log_ratio": (n, k), "joint_score": (n, d), "event": (n,)}
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                given = getattr(self, name).shape
                raise EventsError(f"{name} has shape {given}; {shape} is needed for N={n}, K={k}, D={d}.")
        if self.x.shape[:1] != (n,) or (self.traces is not None and len(self.traces) != n):
            raise EventsError(f"x and traces must have {n} rows; x has shape {self.x.shape}.")

    def __len__(self) -> int:
        return len(self.theta)

    def __getitem__(self, rows: slice | Integers | Bools | Sequence[int]) -> "Events":
        """Return the given rows; failures and counts stay with the whole batch."""
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        return replace(
            self,
            theta=self.theta[index],
            alternatives=self.alternatives[index],
            x=self.x[index],
            joint_log_ratio=self.joint_log_ratio[index],
            joint_score=self.joint_score[index],
            event=self.event[index],
            traces=None if self.traces is None else self.traces[index],
        )

    @classmethod
    def failed(cls, failures: Sequence[Failure], alternatives: int) -> "Events":
        """Return no events, and at least one failure: what is left where nothing could be mined.

        Parameters
        ----------
        failures
            The events that are missing, all of one seed.
        alternatives
            K.
        """
        none = np.empty((0, len(failures[0].theta)))
        shape = (0, alternatives, none.shape[1])
        return cls(
            theta=none,
            alternatives=np.empty(shape),
            x=np.empty(0),
            joint_log_ratio=np.empty(shape[:2]),
            joint_score=none,
            seed=failures[0].seed,
            failures=tuple(failures),
        )

    @classmethod
    def concatenate(cls, batches: Sequence["Events"]) -> "Events":
        """Join batches of the same simulator.

        Raises
        ------
        EventsError
            If there is none, or shapes differ.
        """
        if not batches:
            raise EventsError("There are no events to join.")
        shapes = sorted({str((b.alternatives.shape[1:], b.x.shape[1:])) for b in batches})
        if len(shapes) > 1:
            raise EventsError(f"Batches differ in their shapes ((K, D), shape of x): {'; '.join(shapes)}.")
        traces = [b.traces for b in batches if b.traces is not None]
        return replace(
            batches[0],
            theta=np.concatenate([b.theta for b in batches]),
            alternatives=np.concatenate([b.alternatives for b in batches]),
            x=np.concatenate([b.x for b in batches]),
            joint_log_ratio=np.concatenate([b.joint_log_ratio for b in batches]),
            joint_score=np.concatenate([b.joint_score for b in batches]),
            event=np.concatenate([b.event for b in batches]),
            seed=_common([b.seed for b in batches]),
            exchangeable=all_exchangeable(b.exchangeable for b in batches),
            traces=TraceColumns.concatenate(traces) if len(traces) == len(batches) else None,
            failures=tuple(failure for b in batches for failure in b.failures),
            counts=sum((b.counts for b in batches), Counts()),
        )

    @property
    def score_valid(self) -> bool:
        """Whether every event has a joint score."""
        return not np.isnan(self.joint_score).any()

    def audit(self) -> Audit:
        """Check the identities that every set of events must meet, and count what a person should know."""
        return audit_gold(
            self.joint_log_ratio,
            self.joint_score,
            nonfinite_x=rows_not_finite(self.x),
            early=bool(np.any(self.event < PROBE_EVENTS)),
            failures=len(self.failures),
            counts=self.counts,
        )

    def same_as(self, other: "Events") -> bool:
        """Return whether all columns agree value for value (NaN equals NaN)."""
        names = [f.name for f in fields(self) if f.name not in ("traces", "failures", "counts", "exchangeable", "seed")]
        return all(np.array_equal(getattr(self, name), getattr(other, name), equal_nan=True) for name in names)


def all_exchangeable(marks: Iterable[bool | None]) -> bool | None:
    """Return the mark of a set from those of its parts: False if a part is declared so, True if all are declared True.

    Parameters
    ----------
    marks
        Whether (θ, alternatives) of each part were proposed exchangeably; None where nobody said.
    """
    found = set(marks)
    if False in found:
        return False
    return None if None in found else True


def _common(values: list[Common | None]) -> Common | None:
    return values[0] if len(set(values)) == 1 else None
