"""Programs that treat uniforms as the numbers they are, each with what its gold must be.

``GOLD`` maps a name to ``(program, log_r)``: `log_r` takes x and gives the joint log-ratio of P against Q, exact.
``NEUTRAL`` programs use uniforms as numbers only, so that all gold comes from one normal draw, the last of x.
``REFUSED`` programs let θ reach x past the draws.
"""

import bisect
import copy
import json
import math
import pickle
import statistics

import numpy as np

P, Q = 0.4, 0.5


def binomial(n):
    """Return log r of x successes of n."""
    return lambda x: x * np.log(P / Q) + (n - x) * np.log((1 - P) / (1 - Q))


def of_two(log_r):
    """Return log r that depends on the last number of x."""
    return lambda x: log_r(x[..., -1])


def edited_mask(theta, rng):
    below = rng.random(6) < theta[0]
    x = below.sum()
    below[:] = True
    return x


def edited_threshold(theta, rng):
    p = np.full(6, theta[0])
    below = rng.random(6) < p
    p[:] = 0.0
    return below.sum()


def twice_with_edited_mask(theta, rng):
    u = rng.random(6)
    first = u < theta[0]
    again = first.copy()
    first &= False
    return (u < theta[0]).sum() + 0 * again.sum()


def rows(theta, rng):
    return sum((row < theta[0]).sum() for row in rng.random((3, 2)))


def columns(theta, rng):
    u = rng.random((3, 2))
    return sum((u[:, j] < theta[0]).sum() for j in range(2))


def elements(theta, rng):
    u = rng.random(6)
    return sum(u[i] < theta[0] for i in range(6))


def view_of_view(theta, rng):
    v = rng.random(8)[1:][:6]
    return (v[::-1] < theta[0]).sum()


def fancy(theta, rng):
    u = rng.random(8)
    return (u[[5, 1, 3, 0, 7, 2]] < theta[0]).sum()


def masked(theta, rng):
    u = rng.random(12)
    return (u[np.arange(12) % 2 == 0] < theta[0]).sum()


def copied(theta, rng):
    return (copy.deepcopy(rng.random(3)) < theta[0]).sum() + (np.copy(rng.random(3)) < theta[0]).sum()


def copy_of_numbers(theta, rng):
    u = [rng.random() for _ in range(6)]
    return sum(v < theta[0] for v in copy.deepcopy(u))


def shuffled(theta, rng):
    u = rng.random(6)
    rng.shuffle(u)
    return sum(v < theta[0] for v in u)


def shuffled_rows(theta, rng):
    u = rng.random((3, 2))
    v = u[1]
    rng.shuffle(u)
    return (u < theta[0]).sum() + 0 * v.size


def permuted(theta, rng):
    return (rng.permutation(rng.random(6)) < theta[0]).sum()


def chosen(theta, rng):
    return (rng.choice(rng.random(9), 6, replace=False) < theta[0]).sum()


def transposed(theta, rng):
    return (theta[0] > rng.random((2, 3)).T).sum()


def reshaped(theta, rng):
    return (np.reshape(rng.random(6), (2, 3)).ravel() < theta[0]).sum()


def rolled(theta, rng):
    return (np.roll(rng.random(6), 2) < theta[0]).sum()


def taken(theta, rng):
    return (np.take(rng.random(8), [0, 2, 4, 6, 1, 3]) < theta[0]).sum()


def affine_array(theta, rng):
    u = 10 - 4 * rng.random(6) / 2
    return (u > 10 - 2 * theta[0]).sum()


def affine_numbers(theta, rng):
    return sum((3 * rng.random() + 1) / 2 < (3 * theta[0] + 1) / 2 for _ in range(6))


def affine_elements(theta, rng):
    u = rng.random(6)
    return sum(2 * u[i] + 1 < 2 * theta[0] + 1 for i in range(6))


def ladder(theta, rng):
    x = 0
    for _ in range(6):
        u = rng.random()
        x += 1 if u < theta[0] / 2 else 1 if u < theta[0] else 0
    return x


def bisected(theta, rng):
    return sum(bisect.bisect([theta[0]], rng.random()) == 0 for _ in range(6))


def located(theta, rng):
    return (np.searchsorted([theta[0]], rng.random(6)) == 0).sum()


def digitized(theta, rng):
    return sum(int(np.digitize(rng.random(), [theta[0]])) == 0 for _ in range(6))


def helper(u, p):
    return u < p


def through_a_helper(theta, rng):
    return sum(helper(rng.random(), theta[0]) for _ in range(6))


def typed(theta, rng):
    u = rng.random()
    assert isinstance(u, float)
    assert np.isscalar(u)
    v = rng.random(5)
    assert isinstance(v, np.ndarray)
    assert isinstance(v[0], np.float64)
    return (u < theta[0]) + (v < theta[0]).sum()


def where(theta, rng):
    return np.where(rng.random(6) < theta[0], 1, 0).sum()


def python_names(theta, rng):
    return sum(rng.uniform(2, 4) < 2 + 2 * theta[0] for _ in range(6))


def nested(theta, rng):
    return sum(0.0 <= rng.random() < theta[0] for _ in range(6))


def logic(theta, rng):
    u = rng.random(6)
    return ((u < theta[0]) & (u >= 0)).sum()


def count_nonzero(theta, rng):
    return np.count_nonzero(rng.random(6) < theta[0])


def negated(theta, rng):
    return 6 - (~(rng.random(6) < theta[0])).sum()


GOLD = {
    function.__name__: (function, binomial(6))
    for function in (
        edited_mask, edited_threshold, twice_with_edited_mask, rows, columns, elements, view_of_view, fancy, masked,
        copied, copy_of_numbers, shuffled, shuffled_rows, permuted, chosen, transposed, reshaped, rolled, taken,
        affine_array, affine_numbers, affine_elements, ladder, bisected, located, digitized, through_a_helper, typed,
        where,         python_names, nested, logic, count_nonzero, negated,
    )
}  # fmt: skip


def _sorted(u):
    u.sort()
    return u[0], u[-1]


def _added(u):
    u += 5.0
    return u[0], u.sum()


def _aliased(u):
    w = u
    w *= 2
    return u[0], w[1]


def _out(u):
    np.sqrt(u, out=u)
    return u[0], u[1]


def _diagonal(u):
    m = u.reshape(2, 2)
    np.fill_diagonal(m, 0.0)
    return m.sum(), u.sum()


def _partitioned(u):
    u.partition(1)
    return u[0], u[1]


def _added_at(u):
    np.add.at(u, [0, 0, 1], 1.0)
    return u[0], u[1]


def _put(u):
    np.put(u, [0], 7.0)
    u[1] = 3.0
    return u[0], u[1] + u[2]


def _through_asarray(u):
    v = np.asarray(u)
    v += 1
    return u[0], v[1]


def _views(u):
    v = u[1:]
    v -= 1.0
    return u[0], u[1]


def _reversed(u):
    u[:] = u[::-1].copy()
    return u[0], u[3]


def _matrix(u):
    return np.dot(u, u), np.linalg.norm(u)


def _statistics(u):
    return statistics.mean(u.tolist()), float(np.median(u))


def _filled(u):
    w = np.empty(4)
    w[:] = u
    return w[0], w.max()


def _joined(u):
    return np.concatenate([u, u])[5], np.stack([u, u])[1, 2]


def _argsorted(u):
    return u[u.argsort()][0], u[np.argmax(u)]


def _accumulated(u):
    return np.cumsum(u)[-1], u.cumprod()[-1]


def _pickled(u):
    return pickle.loads(pickle.dumps(u))[0], len(pickle.dumps(u[1]))  # noqa: S301


def _shown(u):
    return len(repr(u)), float(f"{u[0]:.3f}")


def _bytes(u):
    return np.frombuffer(u.tobytes())[0], np.array(memoryview(u))[1]


def _unpacked(u):
    a, b, *_ = u
    return a + b, max(u)


def _clipped(u):
    u.clip(0.2, 0.6, out=u)
    return u[0], u[1]


def _masked(u):
    u[u > 0.5] = 0.0
    return u.sum(), u.max()


def _doubled(u):
    return np.repeat(u, 2)[1], u[[0, 0]].sum()


def _conditioned(u):
    return (u[0] if u[0] < 0.3 else -1.0), np.percentile(u, 50)


ARRAYS = {
    function.__name__.lstrip("_"): function
    for function in (
        _sorted, _added, _aliased, _out, _diagonal, _partitioned, _added_at, _put, _through_asarray, _views, _reversed,
        _matrix, _statistics, _filled, _joined, _argsorted, _accumulated, _pickled, _shown, _bytes, _unpacked, _clipped,
        _masked, _doubled, _conditioned,
    )
}  # fmt: skip

NUMBERS = {
    "logarithm": math.log,
    "percent": lambda u: float("%.6f" % u),  # noqa: UP031
    "f-string": lambda u: len(f"{u!r}"),
    "json": lambda u: json.loads(json.dumps([u]))[0],
    "hash": lambda u: hash(u) % 1000,
    "dictionary": lambda u: {u: 2.0}[u],
    "ratio": lambda u: u.as_integer_ratio()[0] % 997,
    "hexadecimal": lambda u: float.fromhex(u.hex()),
    "integer": lambda u: int(1000 * u),
    "rounded": lambda u: round(u, 2),
    "power": lambda u: u**2.5,
    "modulo": lambda u: (7 * u) % 1,
    "complex": lambda u: abs(complex(u, 1)),
    "fsum": lambda u: math.fsum([u, 1.0]),
    "hypot": lambda u: math.hypot(u, 1.0),
    "pickle": lambda u: pickle.loads(pickle.dumps(u)),  # noqa: S301
    "array": lambda u: np.array([u, 1.0]).sum(),
    "float32": lambda u: np.float32(u),
    "maximum": lambda u: max(u, 0.4),
    "sorted": lambda u: sorted([u, 0.5, 0.1])[1],
    "sum": lambda u: sum([u, u, 1.0]),
    "after a comparison": lambda u: math.sqrt(u) if u < 0.5 else 2.0,
    "string": lambda u: len(str(u)),
    "real": lambda u: u.real + u.imag,
    "quotient": lambda u: divmod(u, 0.3)[0],
}

REFUSED = {
    "sorted, then compared": lambda theta, rng: (np.sort(rng.random(4)) < theta[0]).sum(),
    "sorted in place, then compared": lambda theta, rng: _sorted_below(rng.random(4), theta[0]),
    "squared, then compared": lambda theta, rng: (rng.random(4) ** 2 < theta[0]).sum(),
    "an alias edited, then compared": lambda theta, rng: _edited_below(rng.random(4), theta[0]),
    "minimum, then compared": lambda theta, rng: rng.random(4).min() < theta[0],
    "logarithm, then compared": lambda theta, rng: math.log(rng.random()) < math.log(theta[0]),
    "searched by a method": lambda theta, rng: np.array([theta[0]]).searchsorted(rng.random(4)).sum(),
    "inverse of the distribution": lambda theta, rng: -math.log(rng.random()) / theta[0],
}


def _sorted_below(u, p):
    u.sort()
    return sum(v < p for v in u)


def _edited_below(u, p):
    np.asarray(u)[0] += 0.25
    return (u < p).sum()
