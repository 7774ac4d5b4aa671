"""Sum up finished cells of the learning curves: means over seeds and the comparisons that are targets.

`mse`, `score_mse`, `nll_gap`, `cpu_seconds`
    {task: {method: {N: mean over seeds}}}; `seeds` holds how many, `failed` the cells that failed.
`best`
    {task: {N: [method, mse]}} over the methods with gold, by mean over seeds.
`alices_over_alice`
    {"tasks": {task: {N: quotient of the means over common seeds}}, "geometric_mean": {N: over tasks}}.
`gold_contrastive_k8_over`
    {task: {N: {"alice": quotient, "alice_k8": quotient}}}.
`efficiency`
    {task: {N: {...}}}: the best gold method at N against the best of carl, nle, npe, nre: `at_5`, `at_10` and `at_30`
    are the quotients of its error over theirs at that multiple of N (read off the curves; ≤ 1: gold is better);
    `worth` is the multiple at which they would be equal, `worth_runs` the same at equal simulator runs, replays
    counted, of that method, alice and alices; a string such as ">10" where the gold-free curve ends before.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["GOLD_FREE", "WITHOUT_GOLD", "summarize"]

GOLD_FREE = ["carl", "nle", "npe", "nre"]
WITHOUT_GOLD = {*GOLD_FREE, "nre_contrastive", "nre_c"}
COLUMNS = ("mse", "score_mse", "nll_gap", "cpu_seconds", "runs")

Table = dict[str, dict[str, dict[str, float]]]


def summarize(cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the object that the module describes, of cells by TASK/METHOD/N/SEED."""
    good = {key: values for key, values in cells.items() if "failed" not in values}
    tables = {name: _means(good, name) for name in COLUMNS}
    mse, runs = tables["mse"], tables.pop("runs")
    counts: Table = {}
    for task, method, count, _ in map(_parts, good):
        by_size = counts.setdefault(task, {}).setdefault(method, {})
        by_size[count] = by_size.get(count, 0) + 1
    return {
        **tables,
        "seeds": counts,
        "failed": {key: values["failed"] for key, values in cells.items() if "failed" in values},
        "best": {task: dict(_best(methods)) for task, methods in mse.items()},
        "alices_over_alice": _quotients(good),
        "gold_contrastive_k8_over": {task: dict(_contrastive(methods)) for task, methods in mse.items()},
        "efficiency": {task: dict(_efficiency(methods, runs[task])) for task, methods in mse.items()},
    }


def _parts(key: str) -> list[str]:
    return key.split("/")


def _means(cells: dict[str, dict[str, Any]], column: str) -> Table:
    lists: dict[str, dict[str, dict[str, list[float]]]] = {}
    for key, values in cells.items():
        if column in values:
            task, method, count, _ = _parts(key)
            lists.setdefault(task, {}).setdefault(method, {}).setdefault(count, []).append(values[column])
    return {
        task: {method: {n: float(np.mean(v)) for n, v in sizes.items()} for method, sizes in methods.items()}
        for task, methods in lists.items()
    }


def _sizes(methods: dict[str, dict[str, float]]) -> list[str]:
    return sorted({count for by_size in methods.values() for count in by_size}, key=int)


def _best(methods: dict[str, dict[str, float]]) -> Iterator[tuple[str, tuple[str, float]]]:
    for count in _sizes(methods):
        found = [
            (by_size[count], name) for name, by_size in methods.items() if name not in WITHOUT_GOLD and count in by_size
        ]
        if found:
            error, name = min(found)
            yield count, (name, error)


def _quotients(cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    sums: dict[str, dict[str, list[float]]] = {}
    for key, values in cells.items():
        task, method, count, seed = _parts(key)
        alice = cells.get(f"{task}/alice/{count}/{seed}")
        if method == "alices" and alice is not None:
            both = sums.setdefault(task, {}).setdefault(count, [0.0, 0.0])
            both[0], both[1] = both[0] + values["mse"], both[1] + alice["mse"]
    tasks = {task: {n: above / below for n, (above, below) in sizes.items()} for task, sizes in sums.items()}
    counts = sorted({count for values in tasks.values() for count in values}, key=int)
    logs = {count: [np.log(values[count]) for values in tasks.values() if count in values] for count in counts}
    return {"tasks": tasks, "geometric_mean": {count: float(np.exp(np.mean(v))) for count, v in logs.items()}}


def _contrastive(methods: dict[str, dict[str, float]]) -> Iterator[tuple[str, dict[str, float]]]:
    for count, error in methods.get("gold_contrastive_k8", {}).items():
        others = {name: methods.get(name, {}).get(count) for name in ("alice", "alice_k8")}
        yield count, {name: error / other for name, other in others.items() if other is not None}


def _efficiency(
    methods: dict[str, dict[str, float]], runs: dict[str, dict[str, float]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    free = _lower_curve([methods[name] for name in GOLD_FREE if name in methods])
    for count, (name, error) in _best(methods):
        if len(free) < 2:
            return
        result: dict[str, Any] = {"method": name, "mse": error, "worth": _worth(free, error, float(count))}
        for factor in (5, 10, 30):
            other = _read(free, factor * float(count))
            if other is not None:
                result[f"at_{factor}"] = error / other
        gold = [one for one in methods if one not in WITHOUT_GOLD and count in methods[one]]
        used = {one: _worth(free, methods[one][count], runs[one][count]) for one in gold}
        result["worth_runs"] = {one: worth for one, worth in used.items() if one in (name, "alice", "alices")}
        yield count, result


def _lower_curve(curves: list[dict[str, float]]) -> dict[float, float]:
    counts = sorted({int(count) for curve in curves for count in curve})
    return {float(n): min(curve[str(n)] for curve in curves if str(n) in curve) for n in counts}


def _read(curve: dict[float, float], count: float) -> float | None:
    if not min(curve) <= count <= max(curve):
        return None
    return float(np.exp(np.interp(np.log(count), np.log(list(curve)), np.log(list(curve.values())))))


def _worth(curve: dict[float, float], error: float, count: float) -> float | str:
    """Return by how much more events than ``count`` the curve reaches the error, where it first does."""
    counts, values = np.log(list(curve)), np.minimum.accumulate(np.log(list(curve.values())))
    if np.log(error) < values[-1]:
        return f">{np.exp(counts[-1]) / count:.3g}"
    if np.log(error) > values[0]:
        return f"<{np.exp(counts[0]) / count:.3g}"
    return float(np.exp(np.interp(-np.log(error), -values, counts)) / count)
