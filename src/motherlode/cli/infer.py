"""Infer θ from observed events on the command line."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from motherlode.cli.options import SEED, refuse_idle, settings, use_one_thread
from motherlode.cli.origin import describe_model, digest, trained_on
from motherlode.cli.results import make_folder, write_manifest
from motherlode.core.types import JSON

if TYPE_CHECKING:
    from motherlode.inference import PosteriorSamples

__all__ = ["infer"]


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--observed", required=True, type=click.Path(exists=True, path_type=Path), help=".npy, .npz, .csv, Parquet."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Directory for samples and figures.")
@click.option("--method", type=click.Choice(["nuts", "vi", "direct"]), default="nuts", show_default=True)
@click.option(
    "--prior", default=None, help="name=low:high,… or a YAML file; default: the law the model was trained on."
)
@click.option("--chains", default=20, show_default=True, type=click.IntRange(1), help="Chains (nuts).")
@click.option(
    "--samples",
    default=1000,
    show_default=True,
    type=click.IntRange(1),
    help="Draws of each chain, or in all (vi, direct).",
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Decides the draws.")
@click.pass_context
def infer(
    ctx: click.Context,
    model: Path,
    observed: Path,
    out: Path,
    method: str,
    prior: str | None,
    chains: int,
    samples: int,
    seed: int,
) -> None:
    """Sample the posterior of theta given observed events, with the surrogate in MODEL.

    The observed file is .npy, .npz, .csv with a header, or Parquet; each row is one event.
    """
    import motherlode
    from motherlode.store import read_table

    if method != "nuts":
        refuse_idle(ctx, ("chains",), f"with --method {method}: its draws are independent")
    use_one_thread()
    estimator = motherlode.load(model)
    data = read_table(observed, tuple(estimator.shape))
    law = trained_on(estimator, model, prior)
    posterior = motherlode.posterior(estimator, law, data)
    make_folder(out)
    if method == "nuts":
        result = posterior.mcmc(method="nuts", chains=chains, samples=samples, seed=seed, progress=True)
    elif method == "vi":
        result = posterior.vi(samples=samples, seed=seed)
    else:
        result = posterior.sample(samples, seed=seed)
    origin: dict[str, JSON] = {"method": method, "seed": seed, "model": describe_model(estimator, model)}
    idle = () if method == "nuts" else ("chains",)
    origin |= {"observed": digest(observed), "prior": law.to_json(), "options": settings(ctx, *idle)}
    _write(result, out, {"command": "infer", **origin})
    click.echo(result.summary())
    for finding in result.findings():
        click.echo(f"! {finding}")
    click.echo(f"samples.npz, posterior.png, chains.png and manifest.json are in {out}/")


def _write(result: "PosteriorSamples", out: Path, origin: dict[str, JSON]) -> None:
    import numpy as np

    from motherlode.plots.posterior import plot_posterior, plot_trace
    from motherlode.plots.style import save

    np.savez(out / "samples.npz", samples=result.samples, names=np.array(result.names), log_prob=result.log_prob)
    save(plot_posterior(result), out / "posterior.png")
    save(plot_trace(result), out / "chains.png")
    figures: dict[str, JSON] = {
        name: {"mean": float(mean), "sd": float(sd), "rhat": float(rhat), "ess_bulk": float(ess)}
        for name, mean, sd, rhat, ess in zip(
            result.names, result.mean, result.sd, result.rhat, result.ess_bulk, strict=True
        )
    }
    write_manifest(out, {**origin, "parameters": figures})
