"""What the demo found, in numbers for ``report.json`` and in words for the terminal."""

from pathlib import Path
from typing import TypedDict

from motherlode.demo.story import Story
from motherlode.store.manifest import library_versions

__all__ = ["Report", "describe", "report"]


class Report(TypedDict):
    """The numbers of a demo, as they stand in ``report.json``."""

    simulator: str
    seed: int
    events: int
    seconds: float
    draws_per_second: float
    audit_ok: bool
    expectation_ratio: float
    expectation_ratio_error: float
    expectation_score: float
    expectation_score_error: float
    mse_log_ratio: float
    mse_log_ratio_carl: float
    posterior_mean: float
    posterior_sd: float
    exact_posterior_mean: float
    exact_posterior_sd: float
    observed: list[float]
    step_seconds: dict[str, float]
    inputs_sha256: str | None
    libraries: dict[str, str]
    total_seconds: float


def report(story: Story, kind: str, seed: int, total_seconds: float) -> Report:
    """Return the numbers of a story that was told on the board in C++ (``"cpp"``) or Python (``"python"``)."""
    ratio, score = story.audit.ratios[0], story.audit.scores[0]
    exact_mean, exact_sd = story.exact_moments()
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
        "total_seconds": total_seconds,
    }


def describe(found: Report, out: Path, pictures: list[str]) -> str:
    """Say in words what the demo found and where its figures are."""
    shift = abs(found["posterior_mean"] - found["exact_posterior_mean"]) / found["exact_posterior_sd"]
    width = found["posterior_sd"] / found["exact_posterior_sd"] - 1
    board = "a C++ program over ZeroMQ" if found["simulator"] == "cpp" else "a plain Python function"
    lines = [
        "",
        f"The simulator is {board}: a ball falls through 20 rows of nails, and theta tilts the nails.",
        f"Mined {found['events']:,} events in {found['seconds']:.1f} s ({found['draws_per_second']:,.0f} draws/s), "
        "each with its",
        "joint log-ratio and joint score: what every single nail said about theta.",
        f"They must average to E[1/r] = 1 and E[t] = 0: {found['expectation_ratio']:.4f} ± "
        f"{found['expectation_ratio_error']:.4f} and {found['expectation_score']:.4f} ± "
        f"{found['expectation_score_error']:.4f}.",
        f"A network trained on them (ALICES) is {found['mse_log_ratio']:.1e} (mean squared) off the exact log r(x);",
        f"the same network without gold (CARL) is {found['mse_log_ratio_carl']:.1e} off, "
        f"{found['mse_log_ratio_carl'] / found['mse_log_ratio']:.0f} times as much.",
        f"{len(found['observed'])} balls thrown at theta = -0.8 give theta = {found['posterior_mean']:.4f} ± "
        f"{found['posterior_sd']:.4f} by Pyro's NUTS on the network,",
        f"and {found['exact_posterior_mean']:.4f} ± {found['exact_posterior_sd']:.4f} exactly: the mean is "
        f"{shift:.2f} standard deviations off, the width {width:+.1%}.",
        f"Took {found['total_seconds']:.0f} s. Look at {', '.join(pictures)} in {out}/, numbers in report.json.",
    ]
    return "\n".join(lines)
