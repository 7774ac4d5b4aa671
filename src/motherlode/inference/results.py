"""What an inference method hands back: plain arrays with names, and how far to trust them."""

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TypedDict

import numpy as np

from motherlode.core.types import Array, Bools, Foreign
from motherlode.inference import convergence
from motherlode.inference.errors import ConvergenceWarning, InferenceError

__all__ = ["MethodInfo", "PosteriorSamples"]

_FEW = 100


class MethodInfo(TypedDict, total=False):
    """Numbers of the method; each has those that it knows.

    Attributes
    ----------
    step
        Step size in whitened coordinates.
    calls, warmup_calls
        Batched gradient calls after warm-up and in it.
    warmup_cpu_seconds
        CPU time of the warm-up.
    effective_draws
        Draws that the weights of a resampling amount to.
    log_evidence, log_evidence_error
        log Z and its standard error.
    elbo
        The lower bound of the evidence at each step of the optimizer.
    converged
        Whether the optimizer stopped because the bound no longer rose.
    kl
        Nats between the evidence and its lower bound.
    guide
        The fitted guide.
    tolerance
        Largest distance kept by approximate Bayesian computation, in standard deviations.
    """

    step: float
    calls: int
    warmup_calls: int
    warmup_cpu_seconds: float
    effective_draws: float
    log_evidence: float
    log_evidence_error: float
    elbo: Array
    converged: bool
    kl: float
    guide: Foreign
    tolerance: float


@dataclass(frozen=True)
class PosteriorSamples:
    """Draws from a posterior.

    Attributes
    ----------
    samples
        Draws with shape ``(chain, draw, D)``.
    names
        The D parameter names.
    log_prob
        Unnormalized log-posterior of each draw with shape ``(chain, draw)``.
    method
        What made them, e.g. ``"nuts"``.
    divergences
        Whether each draw came from a divergent trajectory, with shape ``(chain, draw)``.
    acceptance
        Mean acceptance probability of each chain, with shape ``(chain,)``.
    k_hat
        Pareto shape of importance weights, where the method has them; above 0.7 the draws are not trustworthy.
    independent
        Whether the draws are independent by construction, so that R-hat says nothing.
    superchains
        Number of starting points that the chains share, those of one point next to each other; None where each chain
        has its own. Then ``rhat`` is the nested one.
    fixed
        Names of the parameters that the prior fixes: their draws are equal, which is no sign of stuck chains.
    seconds
        Wall time in seconds, warm-up included.
    info
        Numbers of the method. Where it has ``effective_draws``, the draws were
        resampled by weights and repeat, and no effective number exceeds that.
    """

    samples: Array
    names: tuple[str, ...]
    log_prob: Array
    method: str
    divergences: Bools
    acceptance: Array
    k_hat: float = float("nan")
    independent: bool = False
    superchains: int | None = None
    fixed: tuple[str, ...] = ()
    seconds: float = float("nan")
    info: MethodInfo = field(default_factory=MethodInfo)

    def __len__(self) -> int:
        return int(self.samples.shape[0] * self.samples.shape[1])

    @property
    def flat(self) -> Array:
        """All draws with shape ``(chain * draw, D)``."""
        return self.samples.reshape(-1, self.samples.shape[-1])

    @property
    def mean(self) -> Array:
        """Posterior mean with shape ``(D,)``."""
        mean: Array = self.flat.mean(axis=0)
        return mean

    @property
    def sd(self) -> Array:
        """Posterior standard deviation with shape ``(D,)``."""
        sd: Array = self.flat.std(axis=0, ddof=1)
        return sd

    @property
    def rhat(self) -> Array:
        """Rank-normalized R-hat with shape ``(D,)``: split, or nested where chains share starting points."""
        if self.superchains is None:
            return self._each(convergence.split_rhat)
        return self._each(partial(convergence.nested_rhat, superchains=self.superchains))

    @property
    def ess_bulk(self) -> Array:
        """Effective number of draws for the centre, with shape ``(D,)``."""
        return self._effective(convergence.ess_bulk)

    @property
    def ess_tail(self) -> Array:
        """Effective number of draws for the 5 % and 95 % quantiles, with shape ``(D,)``."""
        return self._effective(convergence.ess_tail)

    @property
    def error(self) -> Array:
        """Monte Carlo standard error of the mean, with shape ``(D,)``."""
        return np.asarray(self.sd / np.sqrt(self._effective(convergence.ess_mean)))

    def interval(self, level: float = 0.68) -> Array:
        """Return central credible intervals with shape ``(D, 2)``."""
        edges: Array = np.quantile(self.flat, (0.5 - level / 2, 0.5 + level / 2), axis=0).T
        return edges

    def summary(self) -> str:
        """Return a table with one line a parameter."""
        header = (
            f"{'':>14} {'mean':>10} {'sd':>10} {'5 %':>10} {'95 %':>10} {'ESS bulk':>9} {'ESS tail':>9} {'R-hat':>7}"
        )
        columns = zip(
            self.names, self.mean, self.sd, self.interval(0.9), self.ess_bulk, self.ess_tail, self.rhat, strict=True
        )
        lines = [
            f"{name:>14} {m:10.4g} {s:10.4g} {edge[0]:10.4g} {edge[1]:10.4g} {bulk:9.0f} {tail:9.0f} {r:7.3f}"
            for name, m, s, edge, bulk, tail, r in columns
        ]
        return "\n".join([header, *lines])

    def warn(self) -> "PosteriorSamples":
        """Warn about :meth:`findings`, such as R-hat above 1.01 or divergences, and return the samples themselves."""
        for finding in self.findings():
            warnings.warn(finding, ConvergenceWarning, stacklevel=3)
        return self

    def findings(self) -> list[str]:
        """Return what is wrong with the draws, in sentences; empty when nothing is known to be."""
        found = [] if self.independent else [*self._disagreement(), *self._stuck()]
        if self.divergences.any():
            found.append(
                f"{int(self.divergences.sum())} of {self.divergences.size} trajectories diverged: the chains cannot "
                "follow the posterior there. Raise target_accept, or reparametrize the prior."
            )
        if self.k_hat > 0.7:
            found.append(
                f"Pareto k-hat is {self.k_hat:.2f}: a few draws carry the weight. Use .mcmc, or a better proposal."
            )
        elif self.info.get("effective_draws", np.inf) < _FEW:
            found.append(
                f"The {len(self)} draws were resampled from {self.info['effective_draws']:.0f} effective ones and "
                "repeat: quantiles and errors are no better than these allow. Use .mcmc."
            )
        if self.info.get("kl", 0.0) > 0.3:
            found.append(
                f"The guide is {self.info['kl']:.2f} nats from the posterior: part of it, perhaps a mode, is missing. "
                "Use guide='flow', or .mcmc."
            )
        return found

    def to_arviz(self) -> Foreign:
        """Return an ``InferenceData`` (arviz 0.x) or ``DataTree`` (1.x); needs the extra ``arviz``.

        Raises
        ------
        InferenceError
            If arviz is not installed.
        """
        arviz = _installed("arviz")
        posterior = {name: self.samples[..., i] for i, name in enumerate(self.names)}
        groups = {"posterior": posterior, "sample_stats": {"lp": self.log_prob, "diverging": self.divergences}}
        return arviz.from_dict(groups) if _major(arviz) >= 1 else arviz.from_dict(**groups)

    def save(self, path: str | Path) -> Path:
        """Write the draws as netCDF and return the path; needs the extra ``arviz``.

        Raises
        ------
        InferenceError
            If arviz, or h5netcdf with h5py, which write the file, are not installed.
        """
        target, tree = Path(path), self.to_arviz()
        _installed("h5netcdf"), _installed("h5py")
        tree.to_netcdf(str(target), engine="h5netcdf")
        return target

    def _each(self, function: Callable[[Array], float]) -> Array:
        return np.array([function(self.samples[..., i]) for i in range(self.samples.shape[-1])])

    def _effective(self, function: Callable[[Array], float]) -> Array:
        return np.minimum(self._each(function), self.info.get("effective_draws", np.inf))

    def _disagreement(self) -> list[str]:
        rhat = self.rhat
        if not np.nanmax(rhat, initial=0.0) > 1.01:
            return []
        worst = int(np.nanargmax(rhat))
        each = self.ess_bulk[worst] / (self.superchains or len(self.samples))
        kind, unit = ("Nested R-hat", "superchain") if self.superchains else ("R-hat", "chain")
        hint = ", judge many short chains with superchains=" if not self.superchains and len(self.samples) >= 16 else ""
        return [
            f"{kind} is {rhat[worst]:.4f} for {self.names[worst]!r}: the {unit}s do not agree, or are too short to "
            f"tell ({each:.0f} effective draws a {unit}). Run longer{hint}, or see plots.plot_trace."
        ]

    def _stuck(self) -> list[str]:
        """Name the chains that stay elsewhere, by the parameter in which most do."""
        free = [i for i, name in enumerate(self.names) if name not in self.fixed]
        stuck = {i: convergence.stuck_chains(self.samples[..., i]) for i in free}
        worst = max(free, key=lambda i: len(stuck[i]))
        if not len(stuck[worst]):
            return []
        where = self.samples[stuck[worst], :, worst].mean(axis=1)
        places = ", ".join(f"{c} (around {m:.4g})" for c, m in zip(stuck[worst][:5], where, strict=False))
        return [
            f"{len(stuck[worst])} of {len(self.samples)} chains stay away from the others in {self.names[worst]!r}: "
            f"{places}. They are stuck, or in a mode of their own, and their share of the draws says nothing about the "
            "mode's weight. Run longer, start elsewhere (seed), or see plots.plot_trace."
        ]


def _installed(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InferenceError(
            f"{name} cannot be imported ({error}). Draws become arviz's objects and netCDF files through it. Run "
            "pip install 'motherlode[arviz]', or keep .samples yourself, e.g. by numpy.save."
        ) from error


def _major(arviz: ModuleType) -> int:
    return int(arviz.__version__.split(".")[0])
