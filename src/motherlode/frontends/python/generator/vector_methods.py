"""Trace draws of whole vectors, and draws whose law cannot depend on θ.

A vector whose law factorizes is recorded as one draw of the conditionals: a multinomial as binomials, a multivariate
normal as normals. Selections without replacement are arrangements.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from motherlode.frontends.python.generator.bare import reorder
from motherlode.frontends.python.generator.drawing import Size, Traced, shape_of

__all__ = ["VectorDraws"]


class VectorDraws(Traced):
    """Draw vectors and selections by NumPy's names."""

    def multinomial(self, n: int, pvals: Any, size: Size = None) -> Any:
        """Draw counts: binomials, each of what is left."""
        probs = np.asarray(pvals, dtype=np.float64)

        shape = shape_of(size, probs.shape[-1])

        def law(value: Any) -> tuple[Any, Any]:
            left = n - (np.cumsum(value, axis=-1) - value)
            share = 1.0 - (np.cumsum(probs, axis=-1) - probs)
            odds = np.clip(np.divide(probs, share, out=np.ones_like(probs), where=share > probs), 0.0, 1.0)
            odds[..., -1] = 1.0
            return left, odds

        return self._draw_joint("Binomial", lambda: self._generator.multinomial(n, probs, size), shape, law)

    def multivariate_hypergeometric(self, colors: Any, nsample: int, size: Size = None) -> Any:
        """Draw counts of colors without replacement: hypergeometrics, each of what is left."""
        counts = np.asarray(colors, dtype=np.int64)

        def law(value: Any) -> tuple[Any, Any, Any]:
            return counts, counts.sum() - np.cumsum(counts), nsample - (np.cumsum(value, axis=-1) - value)

        sampler, shape = self._generator.multivariate_hypergeometric, shape_of(size, len(counts))
        return self._draw_joint("Hypergeometric", lambda: sampler(counts, nsample, size), shape, law)

    def multivariate_normal(self, mean: Any, cov: Any, size: Size = None, **options: Any) -> Any:
        """Draw from Normal(mean, cov): each element given those before it."""
        center = np.asarray(mean, dtype=np.float64)
        lower = np.linalg.cholesky(np.asarray(cov, dtype=np.float64))

        def law(value: Any) -> tuple[Any, Any]:
            whitened = np.linalg.solve(lower, (value - center)[..., None])[..., 0]
            spread = np.diagonal(lower)
            return value - spread * whitened, np.broadcast_to(spread, value.shape)

        sampler, shape = self._generator.multivariate_normal, shape_of(size, len(center))
        return self._draw_joint("Normal", lambda: sampler(center, cov, size, **options), shape, law)

    def dirichlet(self, alpha: Any, size: Size = None) -> Any:
        """Draw from Dirichlet(alpha)."""
        concentration = np.asarray(alpha, dtype=np.float64)
        shape = shape_of(size, len(concentration))
        law = (lambda: self._generator.dirichlet(concentration, size), shape, lambda value: (concentration,))
        return self._draw_joint("Dirichlet", *law)

    def choice(
        self, a: Any, size: Size = None, replace: bool = True, p: Any = None, axis: int = 0, shuffle: bool = True
    ) -> Any:
        """Choose from `a`, or from range(a), with probabilities `p`."""
        options = np.arange(a) if isinstance(a, (int, np.integer)) else np.asarray(a)
        count = options.shape[axis]
        if replace:
            index = self._choose(count, size, p)
        elif p is None:
            sampler = lambda: self._generator.choice(count, size, False, shuffle=shuffle)  # noqa: E731
            index = self._arrange(count, sampler, shape_of(size))
        else:
            index = self._choose_each_once(count, size, np.asarray(p, dtype=np.float64), shuffle)
        return np.take(options, np.asarray(index, dtype=np.int64), axis=axis)

    def _choose(self, count: int, size: Size, p: Any) -> Any:
        if p is None:
            law = ("DiscreteUniform", self._generator.integers, (0, count), size, lambda low, high: (low, high - 1))
            return self._draw(*law, depth=3)

        def sampler(probs: Any, shape: Size) -> Any:
            return self._generator.choice(count, shape, p=probs)

        return self._draw("Categorical", sampler, (np.array(p, dtype=np.float64),), size, depth=3)

    def _choose_each_once(self, count: int, size: Size, probs: Any, shuffle: bool) -> Any:
        """Choose without replacement: a Categorical of the rest each time (first occurrences of repeated choices)."""

        def law(value: Any) -> tuple[Any]:
            order = value.reshape(-1).astype(np.int64)
            taken = np.zeros((len(order), count), dtype=bool)
            for position, index in enumerate(order[:-1]):
                taken[position + 1 :, index] = True
            return (np.where(taken, 0.0, probs).reshape(*value.shape, count),)

        def sampler() -> Any:
            return self._generator.choice(count, size, False, probs, shuffle=shuffle)

        return self._draw_joint("Categorical", sampler, shape_of(size), law, depth=3)

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """Return `x`, or range(x), in random order."""
        values = np.arange(x) if isinstance(x, (int, np.integer)) else np.asarray(x)
        count = values.shape[axis]
        order = self._arrange(count, lambda: self._generator.permutation(count), (count,))
        return np.take(values, order, axis=axis)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Put `x` in random order, in place."""
        count = x.shape[axis] if isinstance(x, np.ndarray) else len(x)
        start = np.arange(count) if isinstance(x, np.ndarray) else list(range(count))

        def sampler() -> Any:
            self._generator.shuffle(start)
            return start

        reorder(x.swapaxes(0, axis) if axis else x, self._arrange(count, sampler, (count,)))

    def permuted(self, x: Any, *, axis: int | None = None, out: Any = None) -> Any:
        """Return `x` with each slice along `axis` in a random order of its own."""
        values = np.asarray(x)
        flat = values.reshape(1, -1) if axis is None else np.moveaxis(values, axis, -1)
        grid = np.broadcast_to(np.arange(flat.shape[-1]), flat.shape)
        order = self._arrange(flat.shape[-1], lambda: self._generator.permuted(grid, axis=-1), flat.shape)
        mixed = np.take_along_axis(flat, order, axis=-1)
        result = mixed.reshape(values.shape) if axis is None else np.moveaxis(mixed, -1, axis)
        if out is None:
            return result
        out[...] = result
        return out

    def _arrange(self, count: int, sampler: Callable[[], Any], shape: tuple[int, ...]) -> Any:
        """Draw distinct indices below `count` in order."""
        if shape == ():
            return self._draw("DiscreteUniform", lambda _: sampler(), (), None, lambda: (0, count - 1), depth=3)
        value = self._draw_joint("Arrangement", sampler, shape, lambda value: (count,), depth=3)
        return np.asarray(value, dtype=np.int64)
