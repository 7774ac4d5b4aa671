"""Set frequentist limits on the command line."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from motherlode.cli.options import SEED, NumberRange, refuse_idle, settings, use_one_thread
from motherlode.cli.origin import describe_model, digest, trained_on
from motherlode.cli.results import make_folder, write_manifest
from motherlode.core.types import JSON
from motherlode.laws import Law

if TYPE_CHECKING:
    from motherlode.events import Simulator
    from motherlode.inference.frequentist import Box, Region

__all__ = ["limits"]

_ZOOMS, _DRAWN = 4, 2


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--observed", required=True, type=click.Path(exists=True, path_type=Path), help="One event a row.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Directory for regions and figures.")
@click.option("--method", type=click.Choice(["neyman", "wilks"]), default="neyman", show_default=True)
@click.option("--simulator", "target", default=None, help="TARGET as for mine; throws the toys of --method neyman.")
@click.option("--prior", default=None, help="Box of theta as for mine; default: the law the model was trained on.")
@click.option("--points", default=25, show_default=True, type=click.IntRange(2), help="Grid points of each parameter.")
@click.option("--toys", default=1000, show_default=True, type=click.IntRange(1), help="Most toys at a point.")
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=NumberRange(0, 1, min_open=True, max_open=True),
    default=(0.68, 0.95),
    show_default=True,
    help="Confidence level, as a share of 1.",
)
@click.option(
    "--zoom/--no-zoom", "zooming", default=True, show_default=True, help="Scan again around a region of few points."
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Decides the toys.")
@click.pass_context
def limits(
    ctx: click.Context,
    model: Path,
    observed: Path,
    out: Path,
    method: str,
    target: str | None,
    prior: str | None,
    points: int,
    toys: int,
    levels: tuple[float, ...],
    zooming: bool,
    seed: int,
) -> None:
    """Set confidence limits on theta given observed events, with the surrogate in MODEL.

    neyman throws toys from the simulator itself: the limits cover whatever the surrogate got wrong. wilks trusts the
    surrogate and the limit of many events. Where the widest region fills less than a third of an axis, its hull, one
    grid step wider on each side, is scanned again with as many points: everything outside was excluded by the scan
    before. The best fit still competes with all of the first grid, so that the second scan tests what the first did.
    The hull is scanned again, too, where fewer than five points lie in the narrowest region of one parameter. Where
    no point lies in the widest region, the steps around the best fit are scanned.
    """
    import motherlode
    from motherlode.inference.frequentist import finer_axes, zoom
    from motherlode.store import read_table

    use_one_thread()
    if method == "wilks":
        refuse_idle(ctx, ("target", "toys"), "with --method wilks: it throws no toys")
    estimator = motherlode.load(model)
    law = trained_on(estimator, model, prior)
    bounds = _box(law)
    data = read_table(observed, tuple(estimator.shape))
    simulator = _open(target, tuple(bounds)) if method == "neyman" else None

    def scan(box: "Box") -> "Region":
        if simulator is None:
            return motherlode.limits(estimator, data, box).wilks(points, seed=seed)
        study = motherlode.limits(estimator, data, bounds)
        return study.neyman(
            simulator, finer_axes(bounds, box, points), toys, min(levels), seed, within=box, progress=True
        )

    make_folder(out)
    region = zoom(scan, bounds, levels, _ZOOMS if zooming else 0)
    best: dict[str, JSON] = dict(zip(region.grid.names, map(float, region.best), strict=True))
    told = [_tell(region, level) for level in levels]
    lines = ["best fit: " + ", ".join(f"{name} = {value:.4g}" for name, value in best.items())]
    lines += [line for _, line in told]
    click.echo("\n".join(lines))
    origin: dict[str, JSON] = {"method": method, "seed": seed, "model": describe_model(estimator, model)}
    origin |= {"observed": digest(observed), "simulator": target, "prior": law.to_json(), "box": _lists(bounds)}
    if simulator is not None:
        origin |= {"simulator_name": simulator.name, "simulator_version": simulator.version}
    origin["options"] = settings(ctx, *(("toys", "target") if simulator is None else ()))
    found: dict[str, JSON] = {"best": best, "regions": [numbers for numbers, _ in told], "limits": [*lines]}
    _write(region, out, {"command": "limits", **origin, **found})
    _draw(region, out, levels)


def _box(law: Law) -> "Box":
    from motherlode.inference import InferenceError
    from motherlode.inference.frequentist import box_of

    try:
        return box_of(law)
    except InferenceError as error:
        raise click.UsageError(f"{error} Say so with --prior.") from error


def _open(target: str | None, names: tuple[str, ...]) -> "Simulator":
    if target is None:
        raise click.UsageError("--method neyman throws toys: name the simulator with --simulator, or take wilks.")
    from motherlode.frontends.targets import open_target

    return open_target(target, names)


def _tell(region: "Region", level: float) -> tuple[dict[str, JSON], str]:
    """Return, as numbers and in words, the intervals of one parameter or the box around the grid points of several."""
    from motherlode.plots.limits import percent

    title, names = f"{percent(level)} {region.method}", region.grid.names
    if len(names) == 1:
        stretches = region.intervals(level)
        words = " and ".join(f"[{low:.4g}, {high:.4g}]" for low, high in stretches)
        numbers: dict[str, JSON] = {"level": level, "intervals": [list(ends) for ends in stretches]}
        return numbers, f"{title}: {names[0]} in {words or 'no value'}"
    inside = region.contains(level)
    count, points = int(inside.sum()), inside.size
    box = region.hull(level) if count else {}
    words = ", ".join(f"{name} in [{low:.4g}, {high:.4g}]" for name, (low, high) in box.items())
    numbers = {"level": level, "hull": _lists(box) or None, "inside": count, "points": points}
    return numbers, f"{title}: {words or 'no value'} ({count} of {points} grid points)"


def _lists(box: "Box") -> dict[str, JSON]:
    return {name: list(ends) for name, ends in box.items()}


def _write(region: "Region", out: Path, manifest: dict[str, JSON]) -> None:
    import numpy as np

    np.savez(
        out / "region.npz",
        names=np.array(region.grid.names),
        points=region.grid.points,
        p_value=region.p_value,
        statistic=region.statistic,
    )
    write_manifest(out, manifest)


def _draw(region: "Region", out: Path, levels: tuple[float, ...]) -> None:
    names = region.grid.names
    if len(names) > _DRAWN:
        click.echo(f"No figure: it has two dimensions, and the region has {len(names)} ({', '.join(names)}).")
        return
    from motherlode.plots.limits import plot_region
    from motherlode.plots.style import save

    save(plot_region(region, levels=levels), out / "limits.png")
