"""Draw whole vectors by NumPy's names, and selections whose law cannot depend on θ.

A vector whose law factorizes is recorded as one draw of the conditionals: a multinomial as binomials, a multivariate
normal as normals. Selections without replacement are arrangements.
"""

from collections.abc import Callable, MutableSequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core.types import Array, Integers, Shape, Size, UserValue
from motherlode.families import FAMILIES
from motherlode.families.calls import Drawn
from motherlode.frontends.python.generator.bare import reorder
from motherlode.frontends.python.generator.drawing import Drawing, Methods, shape_of
from motherlode.frontends.python.generator.numpy_methods import integers
from motherlode.frontends.python.uniforms.array import UniformArray

__all__ = ["VECTOR_METHODS"]

Item = TypeVar("Item")


def multinomial(drawing: Drawing, n: int, pvals: ArrayLike, size: Size = None) -> Drawn:
    """Draw counts: binomials, each of what is left."""
    probs = np.asarray(pvals, dtype=np.float64)

    def law(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        left = n - (np.cumsum(value, axis=-1) - value)
        share = 1.0 - (np.cumsum(probs, axis=-1) - probs)
        odds = np.clip(np.divide(probs, share, out=np.ones_like(probs), where=share > probs), 0.0, 1.0)
        odds[..., -1] = 1.0
        return left, odds

    shape = shape_of(size, probs.shape[-1])
    return drawing.draw_jointly(FAMILIES["Binomial"], lambda: drawing.stream.multinomial(n, probs, size), shape, law)


def multivariate_hypergeometric(drawing: Drawing, colors: ArrayLike, nsample: int, size: Size = None) -> Drawn:
    """Draw counts of colors without replacement: hypergeometrics, each of what is left."""
    counts = np.asarray(colors, dtype=np.int64)

    def law(value: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return counts, counts.sum() - np.cumsum(counts), nsample - (np.cumsum(value, axis=-1) - value)

    sampler, shape = drawing.stream.multivariate_hypergeometric, shape_of(size, len(counts))
    return drawing.draw_jointly(FAMILIES["Hypergeometric"], lambda: sampler(counts, nsample, size), shape, law)


def multivariate_normal(
    drawing: Drawing, mean: UserValue, cov: UserValue, size: Size = None, **options: UserValue
) -> Drawn:
    """Draw from Normal(mean, cov): each element given those before it."""
    center = np.asarray(mean, dtype=np.float64)
    lower = np.linalg.cholesky(np.asarray(cov, dtype=np.float64))

    def law(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        whitened = np.linalg.solve(lower, (value - center)[..., None])[..., 0]
        spread = np.diagonal(lower)
        return value - spread * whitened, np.broadcast_to(spread, value.shape)

    sampler, shape = drawing.stream.multivariate_normal, shape_of(size, len(center))
    return drawing.draw_jointly(FAMILIES["Normal"], lambda: sampler(center, cov, size, **options), shape, law)


def dirichlet(drawing: Drawing, alpha: ArrayLike, size: Size = None) -> Drawn:
    """Draw from Dirichlet(alpha)."""
    concentration = np.asarray(alpha, dtype=np.float64)
    shape = shape_of(size, len(concentration))
    sampler = drawing.stream.dirichlet
    return drawing.draw_jointly(
        FAMILIES["Dirichlet"], lambda: sampler(concentration, size), shape, lambda value: (concentration,)
    )


def choice(
    drawing: Drawing,
    a: int | ArrayLike,
    size: Size = None,
    replace: bool = True,
    p: ArrayLike | None = None,
    axis: int = 0,
    shuffle: bool = True,
) -> Drawn:
    """Choose from `a`, or from range(a), with probabilities `p`."""
    options = np.empty(0)
    if isinstance(a, (int, np.integer)):
        count = int(a)
    else:
        options = _options(a)
        count = options.shape[axis]
    index: Drawn
    if replace and p is None:
        index = integers(drawing, 0, count, size)
    elif replace:
        index = _chosen(drawing, count, size, np.array(p, dtype=np.float64))
    elif p is None:
        sampler = lambda: drawing.stream.choice(count, size, False, shuffle=shuffle)  # noqa: E731
        index = _arranged(drawing, count, sampler, shape_of(size))
    else:
        index = _chosen_once_each(drawing, count, size, np.asarray(p, dtype=np.float64), shuffle)
    chosen = np.asarray(index, dtype=np.int64)
    return chosen[()] if isinstance(a, (int, np.integer)) else np.take(options, chosen, axis=axis)


def permutation(drawing: Drawing, x: int | ArrayLike, axis: int = 0) -> Drawn:
    """Return `x`, or range(x), in random order."""
    values = _options(x)
    count = values.shape[axis]
    order = _arranged(drawing, count, lambda: drawing.stream.permutation(count), (count,))
    return np.take(values, order, axis=axis)


def shuffle(drawing: Drawing, x: np.ndarray | MutableSequence[Item], axis: int = 0) -> None:
    """Put `x` in random order, in place."""
    count = x.shape[axis] if isinstance(x, np.ndarray) else len(x)
    start = np.arange(count) if isinstance(x, np.ndarray) else list(range(count))

    def sampler() -> Drawn:
        drawing.stream.shuffle(start)
        return np.asarray(start)

    order = _arranged(drawing, count, sampler, (count,))
    if isinstance(x, UniformArray):
        x.shuffle(order, axis)
    else:
        reorder(x.swapaxes(0, axis) if axis and isinstance(x, np.ndarray) else x, order)


def permuted(drawing: Drawing, x: ArrayLike, *, axis: int | None = None, out: np.ndarray | None = None) -> np.ndarray:
    """Return `x` with each slice along `axis` in a random order of its own."""
    values = np.asarray(x)
    flat = values.reshape(1, -1) if axis is None else np.moveaxis(values, axis, -1)
    grid = np.broadcast_to(np.arange(flat.shape[-1]), flat.shape)
    order = _arranged(drawing, flat.shape[-1], lambda: drawing.stream.permuted(grid, axis=-1), flat.shape)
    mixed = np.take_along_axis(flat, order, axis=-1)
    result = mixed.reshape(values.shape) if axis is None else np.moveaxis(mixed, -1, axis)
    if out is None:
        return result
    out[...] = result
    return out


def _options(given: int | ArrayLike) -> np.ndarray:
    if isinstance(given, (int, np.integer)):
        return np.arange(given)
    return given if isinstance(given, UniformArray) else np.asarray(given)


def _chosen(drawing: Drawing, count: int, size: Size, probs: Array) -> Drawn:
    """Draw indices below `count`, each by itself."""

    def sampler(probs: Array, shape: Size) -> Drawn:
        return drawing.stream.choice(count, shape, p=probs)

    return drawing.draw(FAMILIES["Categorical"], sampler, (probs,), size)


def _chosen_once_each(drawing: Drawing, count: int, size: Size, probs: Array, shuffle: bool) -> Drawn:
    """Choose without replacement: a Categorical of the rest each time (first occurrences of repeated choices)."""

    def law(value: np.ndarray) -> tuple[Array]:
        order = value.reshape(-1).astype(np.int64)
        taken = np.zeros((len(order), count), dtype=bool)
        for position, index in enumerate(order[:-1]):
            taken[position + 1 :, index] = True
        return (np.where(taken, 0.0, probs).reshape(*value.shape, count),)

    def sampler() -> Integers:
        return np.asarray(drawing.stream.choice(count, size, False, probs, shuffle=shuffle))

    return drawing.draw_jointly(FAMILIES["Categorical"], sampler, shape_of(size), law)


def _arranged(drawing: Drawing, count: int, sampler: Callable[[], Drawn], shape: Shape) -> Integers:
    """Draw distinct indices below `count` in order."""
    if shape == ():
        drawn = drawing.draw(FAMILIES["DiscreteUniform"], lambda _: sampler(), (), None, lambda: (0, count - 1))
    else:
        drawn = drawing.draw_jointly(FAMILIES["Arrangement"], sampler, shape, lambda value: (count,))
    return np.asarray(drawn, dtype=np.int64)


VECTOR_METHODS: Methods = {
    function.__name__: function
    for function in (
        multinomial,
        multivariate_hypergeometric,
        multivariate_normal,
        dirichlet,
        choice,
        permutation,
        shuffle,
        permuted,
    )
}
"""Draws of vectors and selections by NumPy's names."""
