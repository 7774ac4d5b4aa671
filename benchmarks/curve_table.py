"""Write the sum of learning curves as Markdown tables, which docs/learning_curves.md includes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["write_tables"]


def write_tables(summary: dict[str, Any], path: Path) -> None:
    """Write one table a task, and one each of the comparisons that are targets.

    Parameters
    ----------
    summary
        As :func:`curve_summary.summarize` returns it.
    path
        File to write.
    """
    lines = ["<!-- written by benchmarks/learning_curves.py --table -->", ""]
    for task in summary["mse"]:
        lines += [*_task(summary, task), ""]
    lines += [*_quotients(summary), "", *_efficiency(summary), ""]
    failed = summary["failed"]
    lines += [f"Failed cells: {', '.join(failed) if failed else 'none'}."]
    path.write_text("\n".join(lines) + "\n")


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _head(cells: list[str]) -> list[str]:
    return [_row(cells), "|" + "---|" * len(cells)]


def _sizes(by_method: dict[str, dict[str, Any]]) -> list[str]:
    return sorted({count for by_size in by_method.values() for count in by_size}, key=int)


def _task(summary: dict[str, Any], task: str) -> Iterator[str]:
    mse, seeds = summary["mse"][task], summary["seeds"][task]
    sizes = _sizes(mse)
    least = {count: min(by_size[count] for by_size in mse.values() if count in by_size) for count in sizes}
    yield f"**{task.replace('_', ' ')}**: mean squared error of log r, mean over (seeds)"
    yield ""
    yield from _head(["method", *(f"{int(count):,}" for count in sizes)])
    for method in sorted(mse, key=lambda name: min(mse[name].values())):
        values = [_value(mse[method], seeds[method], count, least[count]) for count in sizes]
        yield _row([f"`{method}`", *values])


def _value(by_size: dict[str, float], seeds: dict[str, int], count: str, least: float) -> str:
    if count not in by_size:
        return ""
    number = f"{by_size[count]:.1e}"
    return f"**{number}** ({seeds[count]})" if by_size[count] == least else f"{number} ({seeds[count]})"


def _quotients(summary: dict[str, Any]) -> Iterator[str]:
    tasks, mean = summary["alices_over_alice"]["tasks"], summary["alices_over_alice"]["geometric_mean"]
    yield "Error of ALICES over that of ALICE, means over the seeds that both have"
    yield ""
    yield from _head(["task", *(f"{int(count):,}" for count in mean)])
    for task, by_size in tasks.items():
        yield _row([task, *(f"{by_size[count]:.2f}" if count in by_size else "" for count in mean)])
    yield _row(["geometric mean", *(f"**{value:.2f}**" for value in mean.values())])
    yield ""
    yield "Error of `gold_contrastive_k8` over that of `alice` and of `alice_k8`"
    yield ""
    yield from _head(["task", "N", "over alice", "over alice_k8"])
    for task, by_size in summary["gold_contrastive_k8_over"].items():
        for count in sorted(by_size, key=int):
            others = by_size[count]
            yield _row([task, f"{int(count):,}", *(_number(others.get(name)) for name in ("alice", "alice_k8"))])


def _efficiency(summary: dict[str, Any]) -> Iterator[str]:
    yield "Best with gold at N against the best of carl, nle, npe, nre: its error over theirs at 5, 10, 30 N, and"
    yield "the multiple of events (of simulator runs, replays counted) at which they would be equal"
    yield ""
    yield from _head(["task", "N", "method", "at 5 N", "at 10 N", "at 30 N", "worth events", "worth runs"])
    for task, by_size in summary["efficiency"].items():
        for count in sorted(by_size, key=int):
            one = by_size[count]
            factors = [_number(one.get(f"at_{factor}")) for factor in (5, 10, 30)]
            worth = [_number(one["worth"]), _number(one["worth_runs"].get(one["method"]))]
            yield _row([task, f"{int(count):,}", f"`{one['method']}`", *factors, *worth])


def _number(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.2g}"
