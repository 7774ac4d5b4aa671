"""Make events of any shape without a simulator."""

import numpy as np

from motherlode.events import Counts, Events, Failure, Site, TraceColumns


def events(n=5, k=1, d=1, shape=(), *, seed=0, first=0, traces=False, rng=None):
    """Return n random events with x of the given shape."""
    rng = np.random.default_rng(n + 10 * k + 100 * d + first) if rng is None else rng
    theta, x = rng.normal(size=(n, d)), rng.normal(size=(n, *shape))
    return Events(
        theta=theta,
        alternatives=rng.normal(size=(n, k, d)),
        x=x,
        joint_log_ratio=rng.normal(size=(n, k)),
        joint_score=rng.normal(size=(n, d)),
        event=np.arange(first, first + n),
        seed=seed,
        exchangeable=True,
        traces=columns(rng, theta, x, k) if traces else None,
        counts=Counts(3 * n, n, 1e-9),
    )


def columns(rng, theta, x, k):
    """Return traces with 0 to 4 draws each of a Normal (two parameters) or a Categorical (three)."""
    counts = rng.integers(0, 5, len(theta))
    site = rng.integers(0, 2, counts.sum()).astype(np.int32)
    lengths = np.where(site == 0, 2, 3)
    return TraceColumns(
        sites=(Site("a.py:f:1", "Normal"), Site("a.py:f:2", "Categorical", True)),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        site=site,
        value=rng.normal(size=len(site)),
        parameter_offsets=np.concatenate([[0], np.cumsum(lengths)]),
        parameters=rng.normal(size=lengths.sum()),
        log_prob=rng.normal(size=(len(site), 1 + k)),
        theta=theta,
        x=x,
    )


def failure(event, seed=0):
    return Failure(event, (0.5,), seed, "ValueError: no")


def same_traces(a, b):
    """Return whether two sets of traces hold the same branchings."""
    if len(a) != len(b):
        return False
    return all(
        len(s) == len(t) and all(same_branching(p, q) for p, q in zip(s, t, strict=True))
        for s, t in zip(a, b, strict=True)
    )


def same_branching(p, q):
    return (
        (p.address, p.family, p.value, p.observed) == (q.address, q.family, q.value, q.observed)
        and all(np.array_equal(u, v) for u, v in zip(p.parameters, q.parameters, strict=True))
        and np.array_equal(p.log_prob, q.log_prob)
    )
