"""Pyro's MCMC interface over batched chains, for Pyro models whose latents are continuous, or discrete and finite.

A model script is written for one chain and runs as many: its log-density is vectorized by ``torch.func.vmap``, or,
where that cannot follow (Pyro sums out discrete latents), recorded chain after chain.
"""

from collections.abc import Callable
from typing import TypeAlias, Unpack

import numpy as np
import pyro
import torch
from pyro.infer.mcmc.util import initialize_model
from torch import Tensor
from torch.distributions import Transform

from motherlode.core.types import Array, UserFunction, UserValue
from motherlode.estimators.randomness import seeded
from motherlode.inference.convergence import ess_bulk, split_rhat
from motherlode.inference.errors import InferenceError
from motherlode.inference.mcmc.chains import Chains, ChainSettings, run_chains
from motherlode.inference.mcmc.recording import Tensors, recorded

__all__ = ["ManyChains", "NotVectorizable"]

SiteNumbers: TypeAlias = dict[str, Array]
"""``n_eff`` and ``r_hat`` of a site, of the site's shape."""

ChainNumbers: TypeAlias = dict[str, list[int]] | dict[str, float]
"""Divergent draws, or the acceptance, of each chain."""


class NotVectorizable(InferenceError):
    """Raised when a model cannot run for many chains at once."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        cause = reason.splitlines()[0].split(". ")[0].rstrip(".")
        super().__init__(
            f"the model cannot be run for many chains in one call: {cause}. Its operations must be the same for every "
            "value of its latents: finite discrete latents are summed out, but branches on values, .item(), subsampled "
            "plates and discrete latents without end cannot be. Write the model without them, or use pyro.infer.MCMC."
        )


class ManyChains:
    """``pyro.infer.MCMC`` with all chains in one batched evaluation.

    Parameters
    ----------
    model
        A Pyro model. Discrete latents are summed out where they are finite and do not appear in the samples.
    num_samples, warmup_steps, num_chains
        As in Pyro.
    kernel
        ``"nuts"`` or ``"chees"``.
    seed
        Seed of all randomness.
    disable_progbar
        As in Pyro.
    settings
        ``target_accept``, ``dense``, ``max_depth``.

    Examples
    --------
    >>> import torch, pyro, pyro.distributions as dist
    >>> def model(data):
    ...     mean = pyro.sample("mean", dist.Normal(0.0, 1.0))
    ...     with pyro.plate("data", len(data)):
    ...         pyro.sample("obs", dist.Normal(mean, 1.0), obs=data)
    >>> mcmc = ManyChains(model, num_samples=200, warmup_steps=100, num_chains=8)
    >>> mcmc.run(torch.tensor([0.5, 1.5]))
    >>> mcmc.get_samples(group_by_chain=True)["mean"].shape
    torch.Size([8, 200])
    """

    def __init__(
        self,
        model: UserFunction,
        num_samples: int = 500,
        warmup_steps: int = 200,
        num_chains: int = 20,
        kernel: str = "nuts",
        seed: int = 0,
        disable_progbar: bool = True,
        **settings: Unpack[ChainSettings],
    ) -> None:
        self._model, self._seed, self._chains_count = model, seed, num_chains
        self._length, self._kernel, self._progress = (num_samples, warmup_steps), kernel, not disable_progbar
        self._settings = settings
        self._samples: dict[str, Tensor] = {}
        self._run: Chains | None = None

    def run(self, *args: UserValue, **kwargs: UserValue) -> None:
        """Run the chains; the arguments are the model's.

        Raises
        ------
        NotVectorizable
            If the model branches on values, subsamples a plate, or has discrete latents that cannot be summed out.
        """
        with seeded(self._seed), pyro.validation_enabled(False):
            starts, potential, transforms = self._initialize(args, kwargs)
            if not starts:
                raise NotVectorizable("it has no continuous latent.")
            pack, unpack = _packing(starts)
            packed = pack(starts)
            native = next(iter(starts.values())).dtype
            target = _batched(potential, unpack, torch.from_numpy(packed), native)
            self._run = run_chains(
                target, packed, *self._length, self._seed, self._kernel, progress=self._progress, **self._settings
            )
        free = unpack(torch.from_numpy(self._run.positions))
        self._samples = {name: transforms[name].inv(value) for name, value in free.items()}

    def _initialize(
        self, args: tuple[UserValue, ...], kwargs: dict[str, UserValue]
    ) -> tuple[dict[str, Tensor], Callable[[dict[str, Tensor]], Tensor], dict[str, Transform]]:
        try:
            starts, potential, transforms, _ = initialize_model(
                self._model, args, kwargs, num_chains=self._chains_count, skip_jit_warnings=True
            )
        except (ValueError, NotImplementedError) as error:
            raise NotVectorizable(str(error)) from error
        starts = starts if self._chains_count > 1 else {name: value[None] for name, value in starts.items()}
        return starts, potential, transforms

    def get_samples(self, num_samples: int | None = None, group_by_chain: bool = False) -> dict[str, Tensor]:
        """Return draws by site, ``(chain, draw, *event)`` or flattened over chains; ``num_samples`` resamples."""
        if group_by_chain:
            return dict(self._samples)
        flat = {name: value.reshape(-1, *value.shape[2:]) for name, value in self._samples.items()}
        if num_samples is None:
            return flat
        with seeded(self._seed):
            chosen = torch.randint(0, len(next(iter(flat.values()))), (num_samples,))
        return {name: value[chosen] for name, value in flat.items()}

    def diagnostics(self) -> dict[str, SiteNumbers | ChainNumbers]:
        """Return R-hat and bulk ESS by site, divergent draws and acceptance by chain, as Pyro lays them out."""
        run = self._finished()
        report: dict[str, SiteNumbers | ChainNumbers] = {
            name: _site_diagnostics(value) for name, value in self._samples.items()
        }
        chains = range(len(run.acceptance))
        report["divergences"] = {f"chain {c}": np.flatnonzero(run.divergences[c]).tolist() for c in chains}
        report["acceptance rate"] = {f"chain {c}": float(run.acceptance[c]) for c in chains}
        return report

    def summary(self, prob: float = 0.9) -> None:
        """Print mean, spread, quantiles and diagnostics of every site, as Pyro does."""
        pyro.infer.mcmc.util.print_summary(self._samples, prob=prob)

    def _finished(self) -> Chains:
        if self._run is None:
            raise InferenceError("no chains have been run. There is nothing to diagnose. Call .run(...) first.")
        return self._run


def _packing(
    starts: dict[str, Tensor],
) -> tuple[Callable[[dict[str, Tensor]], Array], Callable[[Tensor], dict[str, Tensor]]]:
    """Return how sites become one vector ``(..., d)`` and back."""
    names = sorted(starts)
    shapes = {name: starts[name].shape[1:] for name in names}
    sizes = [shapes[name].numel() for name in names]

    def pack(values: dict[str, Tensor]) -> Array:
        parts = [values[name].reshape(len(values[name]), -1).to(torch.float64) for name in names]
        packed: Array = torch.cat(parts, dim=1).numpy()
        return packed

    def unpack(vector: Tensor) -> dict[str, Tensor]:
        parts = torch.split(vector, sizes, dim=-1)
        return {n: part.reshape((*vector.shape[:-1], *shapes[n])) for n, part in zip(names, parts, strict=True)}

    return pack, unpack


def _batched(
    potential: Callable[[dict[str, Tensor]], Tensor],
    unpack: Callable[[Tensor], dict[str, Tensor]],
    starts: Tensor,
    native: torch.dtype,
) -> Callable[[Array], tuple[Array, Array]]:
    """Return log-densities and gradients of all chains: by vmap, else chain by chain in one recording."""

    def density(vector: Tensor) -> Tensor:
        return -potential(unpack(vector)).sum().double()

    together = torch.func.vmap(torch.func.grad_and_value(density))

    def by_vmap(points: Tensor) -> Tensors:
        gradient, value = together(points)
        return value.detach(), gradient.detach()

    def one_by_one(points: Tensor) -> Tensors:
        with torch.enable_grad():
            leaves = [point.detach().requires_grad_() for point in points]
            values = [density(leaf.to(native)) for leaf in leaves]
            gradients = torch.autograd.grad(values, leaves)
        return torch.stack(values).detach(), torch.stack(gradients)

    try:
        run = recorded(by_vmap, starts)
    except (RuntimeError, NotImplementedError) as error:
        run = recorded(one_by_one, starts)
        if run is one_by_one:
            raise NotVectorizable(str(error)) from error

    def target(u: Array) -> tuple[Array, Array]:
        value, gradient = run(torch.from_numpy(u))
        return value.numpy(), gradient.numpy()

    return target


def _site_diagnostics(draws: Tensor) -> SiteNumbers:
    flat = draws.reshape(*draws.shape[:2], -1).double().numpy()
    columns = range(flat.shape[2])
    return {
        "n_eff": np.array([ess_bulk(flat[..., i]) for i in columns]).reshape(draws.shape[2:]),
        "r_hat": np.array([split_rhat(flat[..., i]) for i in columns]).reshape(draws.shape[2:]),
    }
