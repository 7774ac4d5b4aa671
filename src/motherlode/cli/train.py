"""Train a surrogate from the command line."""

from pathlib import Path

import click

from motherlode.cli.options import SEED, NumberRange, use_one_thread
from motherlode.cli.results import make_folder

__all__ = ["train"]


@click.command()
@click.argument("store", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--method", default="alices", show_default=True, help="One of motherlode.losses.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to save the estimator."
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Decides weights, validation split and batches.")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--checkpoint", default=None, type=click.Path(path_type=Path), help="Keep the state here; go on from it.")
@click.option("--log", default=None, type=click.Path(path_type=Path), help="Directory of scalars for TensorBoard.")
@click.option("--memory", type=NumberRange(min=1), default=4e9, show_default=True, help="Bytes; larger is streamed.")
def train(
    store: Path,
    method: str,
    out: Path,
    seed: int,
    device: str,
    checkpoint: Path | None,
    log: Path | None,
    memory: float,
) -> None:
    """Train a surrogate on the events in STORE."""
    from motherlode import losses
    from motherlode.store import EventStore
    from motherlode.training import TrainingOptions
    from motherlode.training.train import train as fit

    use_one_thread()
    known = {name: loss for name in losses.__all__ if isinstance(loss := getattr(losses, name), losses.Loss)}
    if method not in known:
        raise click.BadParameter(f"{method!r} is none of {', '.join(sorted(known))}.", param_hint="--method")
    make_folder(out.parent)
    options = TrainingOptions(memory=memory)
    estimator = fit(
        EventStore(store),
        loss=known[method],
        seed=seed,
        device=device,
        options=options,
        checkpoint=checkpoint,
        log=log,
    )
    estimator.save(out)
    click.echo(estimator.card())
    click.echo(f"saved to {out}")
