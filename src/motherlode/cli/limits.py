"""Set frequentist limits on the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from motherlode.cli.folders import make_folder
from motherlode.cli.options import SEED, NumberRange, refuse_idle, settings
from motherlode.cli.origin import describe_model, digest, trained_on, write_manifest
from motherlode.cli.threads import use_one_thread

if TYPE_CHECKING:
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
    best = dict(zip(region.grid.names, map(float, region.best), strict=True))
    found = [_numbers(region, level) for level in levels]
    lines = ["best fit: " + ", ".join(f"{name} = {value:.4g}" for name, value in best.items())]
    lines += [_line(region, entry) for entry in found]
    click.echo("\n".join(lines))
    origin = {"method": method, "seed": seed, "model": describe_model(estimator, model), "observed": digest(observed)}
    thrown = {} if simulator is None else {"simulator_name": simulator.name, "simulator_version": simulator.version}
    idle = ("toys", "target") if simulator is None else ()
    origin |= {"simulator": target, **thrown, "prior": law.to_json(), "box": bounds, "options": settings(ctx, *idle)}
    _write(region, out, {"command": "limits", **origin, "best": best, "regions": found, "limits": lines})
    _draw(region, out, levels)


def _box(proposal: Any) -> dict[str, tuple[float, float]]:
    unbounded = [name for name, law in proposal.laws.items() if law[0] == "normal"]
    if unbounded:
        raise click.UsageError(f"A scan needs ends, but the law of {', '.join(unbounded)} is normal: give --prior.")
    return {name: (low, high) for name, (_, low, high) in proposal.laws.items()}


def _open(target: str | None, names: tuple[str, ...]) -> Any:
    if target is None:
        raise click.UsageError("--method neyman throws toys: name the simulator with --simulator, or take wilks.")
    from motherlode.frontends.targets import open_target

    return open_target(target, names)


def _numbers(region: Any, level: float) -> dict[str, Any]:
    """Return the intervals of one parameter, or the box around the grid points of several; None where it is empty."""
    if len(region.grid.names) == 1:
        return {"level": level, "intervals": region.intervals(level)}
    inside = region.contains(level)
    box = region.hull(level) if inside.any() else None
    return {"level": level, "hull": box, "inside": int(inside.sum()), "points": inside.size}


def _line(region: Any, found: dict[str, Any]) -> str:
    from motherlode.plots.limits import percent

    title, names = f"{percent(found['level'])} {region.method}", region.grid.names
    if len(names) == 1:
        stretches = " and ".join(f"[{low:.4g}, {high:.4g}]" for low, high in found["intervals"])
        return f"{title}: {names[0]} in {stretches or 'no value'}"
    box = (found["hull"] or {}).items()
    where = ", ".join(f"{name} in [{low:.4g}, {high:.4g}]" for name, (low, high) in box)
    return f"{title}: {where or 'no value'} ({found['inside']} of {found['points']} grid points)"


def _write(region: Any, out: Path, manifest: dict[str, Any]) -> None:
    import numpy as np

    arrays = {"points": region.grid.points, "p_value": region.p_value, "statistic": region.statistic}
    np.savez(out / "region.npz", names=np.array(region.grid.names), **arrays)
    write_manifest(out, manifest)


def _draw(region: Any, out: Path, levels: tuple[float, ...]) -> None:
    names = region.grid.names
    if len(names) > _DRAWN:
        click.echo(f"No figure: it has two dimensions, and the region has {len(names)} ({', '.join(names)}).")
        return
    from motherlode.plots.limits import plot_region
    from motherlode.plots.style import save

    save(plot_region(region, levels=levels), out / "limits.png")
