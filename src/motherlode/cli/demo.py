"""Run the main job on the Galton board and report in plain words."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from motherlode.cli.folders import claim_folder
from motherlode.cli.options import SEED
from motherlode.cli.threads import use_one_thread
from motherlode.demo.build import BoardNotBuilt, build_board

if TYPE_CHECKING:
    from motherlode.demo.story import Story

__all__ = ["demo"]

_EVENTS = 200_000
_QUICK_EVENTS = 10_000


@click.command()
@click.option("--out", default="demo", show_default=True, type=click.Path(path_type=Path), help="Where results go.")
@click.option("--quick", is_flag=True, help=f"{_QUICK_EVENTS:,} events instead of {_EVENTS:,}; under 20 seconds.")
@click.option("--seed", default=0, show_default=True, type=SEED, help="Root of every random number.")
@click.option(
    "--simulator",
    type=click.Choice(["cpp", "python"]),
    default=None,
    help="The board in C++ over ZeroMQ, or in Python. Default: C++ where it can be built.",
)
def demo(out: Path, quick: bool, seed: int, simulator: str | None) -> None:
    """Mine, learn and infer on a Galton board, and compare with the exact answer."""
    begin = time.perf_counter()
    use_one_thread()
    kind = simulator or _best_board()
    from motherlode.demo.figures import draw_figures
    from motherlode.demo.story import open_board, tell

    events = _QUICK_EVENTS if quick else _EVENTS
    claim_folder(out / "events")
    board = open_board(kind)
    try:
        workers = 1 if kind == "cpp" or quick else 2
        story = tell(
            board,
            out,
            events=events,
            seed=seed,
            workers=workers,
            methods=("alices", "carl"),
            quick=quick,
        )
        pictures = draw_figures(story, out, seed, 1500 if quick else 4000)
    finally:
        getattr(board, "close", lambda: None)()
    report = _report(story, kind, seed) | {"total_seconds": time.perf_counter() - begin}
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    click.echo(_summary(report, out, [picture.name for picture in pictures]))


def _best_board() -> str:
    try:
        build_board()
    except BoardNotBuilt as error:
        click.echo(f"{error.reason}: using the Python board instead.", err=True)
        return "python"
    return "cpp"


def _report(story: "Story", kind: str, seed: int) -> dict[str, Any]:
    from motherlode.store.manifest import library_versions

    ratio, score = story.audit.ratios[0], story.audit.scores[0]
    exact_mean, exact_sd = story.exact_moments()
    if story.samples is None:
        raise RuntimeError("the story has no posterior")
    draws = story.samples.samples.ravel()
    manifest = story.store.manifest()
    return {
        "simulator": kind,
        "seed": seed,
        "events": story.audit.events,
        "seconds": story.seconds["mine"],
        "draws_per_second": story.draws / story.seconds["mine"],
        "audit_ok": story.audit.ok,
        "expectation_ratio": ratio.mean,
        "expectation_ratio_error": ratio.error,
        "expectation_score": score.mean,
        "expectation_score_error": score.error,
        "mse_log_ratio": story.mse_log_ratio("alices"),
        "mse_log_ratio_carl": story.mse_log_ratio("carl"),
        "posterior_mean": float(draws.mean()),
        "posterior_sd": float(draws.std(ddof=1)),
        "exact_posterior_mean": exact_mean,
        "exact_posterior_sd": exact_sd,
        "observed": story.x_observed.tolist(),
        "step_seconds": story.seconds,
        "inputs_sha256": None if manifest is None else manifest.inputs_hash(),
        "libraries": library_versions("motherlode", "numpy", "torch", "pyro-ppl", "pyzmq", "pyarrow"),
    }


def _summary(report: dict[str, Any], out: Path, pictures: list[str]) -> str:
    shift = abs(report["posterior_mean"] - report["exact_posterior_mean"]) / report["exact_posterior_sd"]
    width = report["posterior_sd"] / report["exact_posterior_sd"] - 1
    board = "a C++ program over ZeroMQ" if report["simulator"] == "cpp" else "a plain Python function"
    lines = [
        "",
        f"The simulator is {board}: a ball falls through 20 rows of nails, and theta tilts the nails.",
        f"Mined {report['events']:,} events in {report['seconds']:.1f} s ({report['draws_per_second']:,.0f} draws/s), "
        "each with its",
        "joint log-ratio and joint score: what every single nail said about theta.",
        f"They must average to E[1/r] = 1 and E[t] = 0: {report['expectation_ratio']:.4f} ± "
        f"{report['expectation_ratio_error']:.4f} and {report['expectation_score']:.4f} ± "
        f"{report['expectation_score_error']:.4f}.",
        f"A network trained on them (ALICES) is {report['mse_log_ratio']:.1e} (mean squared) off the exact log r(x);",
        f"the same network without gold (CARL) is {report['mse_log_ratio_carl']:.1e} off, "
        f"{report['mse_log_ratio_carl'] / report['mse_log_ratio']:.0f} times as much.",
        f"{len(report['observed'])} balls thrown at theta = -0.8 give theta = {report['posterior_mean']:.4f} ± "
        f"{report['posterior_sd']:.4f} by Pyro's NUTS on the network,",
        f"and {report['exact_posterior_mean']:.4f} ± {report['exact_posterior_sd']:.4f} exactly: the mean is "
        f"{shift:.2f} standard deviations off, the width {width:+.1%}.",
        f"Took {report['total_seconds']:.0f} s. Look at {', '.join(pictures)} in {out}/, numbers in report.json.",
    ]
    return "\n".join(lines)
