"""Write the golden frames: the known answers that the tests of every language read.

Each frame is stated here in FlatBuffers' own JSON notation and turned into bytes by `flatc`, so that neither
our Python codec nor our C++ codec is its own judge. Run it again only when the schema grew::

    python protocols/golden/write.py
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["ACCEPTED", "REFUSED", "main"]

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parent / "ppx.fbs"
Frame = dict[str, Any]


def message(kind: str, **fields: Any) -> Frame:
    """Return the JSON of a `Message` whose body is a table `kind`."""
    return {"body_type": kind, "body": fields}


def tensor(*values: float, shape: tuple[int, ...] | None = None) -> Frame:
    """Return the JSON of a `Tensor`; without a shape it is a vector."""
    return {"data": list(values), "shape": list((len(values),) if shape is None else shape)}


def scalar(value: float) -> Frame:
    """Return the JSON of a `Tensor` with shape []."""
    return tensor(value, shape=())


def sample(family: str, **parameters: Frame) -> Frame:
    """Return the JSON of a `Sample` request for one draw of `family`."""
    return message(
        "Sample",
        address="galton.cpp:fall:23#1",
        name=family.lower(),
        distribution_type=family,
        distribution=parameters,
        control=True,
    )


def gold_run(**changes: Any) -> Frame:
    """Return the JSON of a gold `Run`: two events, K = 1, D = 2."""
    gold = {
        "record": "Gold",
        "seed": 18446744073709551615,
        "first": 4000,
        "count": 2,
        "theta": [-0.8, 0.5, -0.7, 0.25],
        "alternatives": [-0.6, 0.5, -0.5, 0.75],
        "steps": [6e-06, 6e-06, 6e-06, 6e-06],
        "probe_low": [-1.0, 0.0],
        "probe_high": [-0.4, 1.0],
        "probe_events": 1000,
        "probe_every": 100,
    }
    return message("Run", gold={**gold, **changes})


BLOCK = {
    "first": 4000,
    "count": 3,
    "x_shape": [2],
    "x": [12.0, 1.5, 15.0, -2.25],
    "joint_log_ratio": [0.125, "inf"],
    "joint_score": [0.5, "nan", -0.25, 1.0],
    "draws": 41,
    "probed": 1,
    "score_discrepancy": 1.5e-09,
    "failures": [{"event": 4001, "text": "std::domain_error: negative energy"}],
}
TRACES = {
    "sites": [
        {"address": "galton.cpp:fall:23#0", "name": "", "family": "Bernoulli", "observed": False},
        {"address": "galton.cpp:main:40#0", "name": "reading", "family": "Normal", "observed": True},
    ],
    "offsets": [0, 1, 3],
    "site": [0, 0, 1],
    "value": [1.0, 0.0, 12.5],
    "parameter_offsets": [0, 1, 2, 4],
    "parameters": [0.25, 0.5, 12.0, 2.0],
    "log_prob": [-1.5, -1.25, -0.75, -0.5, -2.0, -2.5],
}


def block(**changes: Any) -> Frame:
    """Return the JSON of a `RunResult` with a gold block of three events, of which one failed."""
    return message("RunResult", block={**BLOCK, **changes})


def traces(**changes: Any) -> Frame:
    """Return the JSON of a `RunResult` with a gold block with branchings."""
    return block(traces={**TRACES, **changes})


SIMULATOR = {
    "extensions": ["gold/1"],
    "version": "1.2.3",
    "parameter_names": ["theta", "phi"],
    "parameter_low": [-1.0, 0.0],
    "parameter_high": [-0.4, 1.0],
    "tier": "Tangent",
    "max_events": 65536,
    "max_message_size": 67108864,
}
HALF = scalar(0.5)
ACCEPTED: dict[str, Frame] = {
    "handshake": message("Handshake", system_name="motherlode"),
    "handshake_gold": message("Handshake", system_name="motherlode", extensions=["gold/1"]),
    "handshake_result": message("HandshakeResult", system_name="pyprob_cpp", model_name="Gaussian"),
    "handshake_result_gold": message(
        "HandshakeResult", system_name="motherlode", model_name="galton", simulator=SIMULATOR
    ),
    "run": message("Run"),
    "run_gold": gold_run(),
    "run_gold_k0": gold_run(record="Simulate", alternatives=[], steps=[], probe_low=[], probe_high=[]),
    "run_result_scalar": message("RunResult", result=scalar(7.0)),
    "run_result_matrix": message("RunResult", result=tensor(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, shape=(2, 3))),
    "run_result_none": message("RunResult"),
    "run_result_gold": block(),
    "run_result_diverted": block(diverted=2),
    "run_result_traces": traces(),
    "sample_normal": sample("Normal", mean=scalar(-1.5), stddev=scalar(2.0)),
    "sample_uniform": sample("Uniform", low=scalar(-1.0), high=scalar(3.0)),
    "sample_categorical": sample("Categorical", probs=tensor(1.0, 2.0, 5.0)),
    "sample_poisson": sample("Poisson", rate=scalar(3.25)),
    "sample_bernoulli": sample("Bernoulli", probs=scalar(1e-12)),
    "sample_beta": sample("Beta", concentration1=scalar(2.0), concentration0=scalar(3.0)),
    "sample_exponential": sample("Exponential", rate=HALF),
    "sample_gamma": sample("Gamma", concentration=scalar(2.5), rate=HALF),
    "sample_lognormal": sample("LogNormal", loc=scalar(0.25), scale=HALF),
    "sample_binomial": sample("Binomial", total_count=scalar(10.0), probs=HALF),
    "sample_weibull": sample("Weibull", scale=scalar(2.0), concentration=scalar(1.5)),
    "sample_geometric": sample("Geometric", probs=scalar(0.25)),
    "sample_uncontrolled": message(
        "Sample",
        address="a[shape=1]",
        name="",
        distribution_type="Normal",
        distribution={"mean": tensor(0.0, 1.0), "stddev": tensor(1.0, 1.0)},
        control=False,
    ),
    "sample_result": message("SampleResult", result=scalar(0.75)),
    "sample_result_vector": message("SampleResult", result=tensor(0.75, -0.5)),
    "observe": message(
        "Observe",
        address="[forward()]__x__Normal",
        name="x",
        distribution_type="Normal",
        distribution={"mean": scalar(1.0), "stddev": scalar(2.0)},
        value=scalar(8.0),
    ),
    "observe_unset": message(
        "Observe",
        address="[forward()]__x__Normal",
        name="x",
        distribution_type="Normal",
        distribution={"mean": scalar(1.0), "stddev": scalar(2.0)},
    ),
    "observe_result": message("ObserveResult"),
    "tag": message("Tag", address="galton.cpp:row:12#0", name="row", value=tensor(3.0, 4.0)),
    "tag_result": message("TagResult"),
    "reset": message("Reset"),
    "error_leak": message(
        "Error",
        code="Leak",
        text="x moved from 12 to 12.5 when theta moved",
        event=3,
        address="galton.cpp:fall:23#19",
        theta=[-0.8],
        probe=[-0.5],
        expected=[12.0],
        found=[12.5],
    ),
    "error_busy": message("Error", code="Busy", text="another client is being served"),
}
REFUSED: dict[str, Frame] = {
    "no_body": {},
    "tensor_shape": message("SampleResult", result=tensor(1.0, 2.0, shape=(3,))),
    "tensor_negative": message("SampleResult", result=tensor(1.0, shape=(-1,))),
    "sample_no_distribution": message("Sample", address="a", name="a"),
    "sample_missing_parameter": sample("Normal", mean=scalar(0.0)),
    "sample_no_address": message("Sample", name="a", distribution_type="Bernoulli", distribution={"probs": HALF}),
    "run_no_events": gold_run(count=0, theta=[], alternatives=[], steps=[]),
    "run_theta_count": gold_run(theta=[-0.8, 0.5, -0.7]),
    "run_alternatives_count": gold_run(alternatives=[-0.6, 0.5, -0.5]),
    "run_steps_count": gold_run(steps=[6e-06]),
    "run_probe_count": gold_run(probe_high=[-0.4]),
    "run_theta_nan": gold_run(theta=[-0.8, 0.5, "nan", 0.25]),
    "block_x_count": block(x=[12.0, 1.5, 15.0]),
    "block_x_shape_overflow": block(x_shape=[65536, 65536, 65536, 65536]),
    "block_ratio_count": block(joint_log_ratio=[0.125]),
    "block_score_count": block(joint_score=[0.5]),
    "block_diverted": block(diverted=4),
    "block_failure_outside": block(failures=[{"event": 9000, "text": "not one of the events asked for"}]),
    "block_too_many_failures": block(failures=[{"event": 4001, "text": ""}] * 4),
    "traces_offsets_count": traces(offsets=[0, 3]),
    "traces_offsets_order": traces(offsets=[0, 4, 3]),
    "traces_site_range": traces(site=[0, 7, 1]),
    "traces_value_count": traces(value=[1.0, 0.0]),
    "traces_log_prob_count": traces(log_prob=[-1.5]),
    "traces_parameter_offsets": traces(parameter_offsets=[0, 1, 2, 9]),
}


def compile_frame(flatc: str, text: Path, binary: Path) -> None:
    """Turn the JSON file `text` into the FlatBuffer `binary`."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([flatc, "--binary", "-o", folder, str(SCHEMA), str(text)], check=True)
        shutil.move(Path(folder) / f"{text.stem}.bin", binary)


def write(flatc: str, folder: Path, frames: dict[str, Frame]) -> None:
    """Write NAME.json and NAME.bin for every frame."""
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        text = folder / f"{name}.json"
        text.write_text(json.dumps(frame, indent=1) + "\n")
        compile_frame(flatc, text, folder / f"{name}.bin")


def main() -> int:
    """Write every golden frame beside this script."""
    flatc = shutil.which("flatc")
    if flatc is None:
        sys.stderr.write("write.py: `flatc` is missing; install the package flatbuffers-compiler\n")
        return 1
    write(flatc, HERE / "accepted", ACCEPTED)
    write(flatc, HERE / "refused", REFUSED)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
