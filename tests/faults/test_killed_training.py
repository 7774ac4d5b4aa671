"""A training that is killed with SIGKILL goes on from its checkpoint to the same weights, bit for bit."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
import torch
torch.set_num_threads(1)
import motherlode
from motherlode.estimators import RatioEstimator
from motherlode.training import TrainingOptions

generator = np.random.default_rng(0)
theta, others = generator.uniform(-1, 1, (2, 2000, 1))
z = theta + generator.normal(size=theta.shape)
ratio = 0.5 * ((z - others) ** 2 - (z - theta) ** 2)
x = z + generator.normal(size=theta.shape)
events = motherlode.Events(theta, others[:, None], x, ratio, z - theta, exchangeable=True)
net = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Dropout(0.1), torch.nn.Linear(16, 8))
estimator = RatioEstimator.for_events(events, embedding=net)
motherlode.train(
    events,
    estimator=estimator,
    seed=1,
    progress=False,
    options=TrainingOptions(steps=int(sys.argv[1])),
    checkpoint=Path("state") if sys.argv[2] == "kept" else None,
)
np.savez(sys.argv[3], **{name: value.numpy() for name, value in estimator.state_dict().items()})
"""


def run(folder, steps, kind, out):
    script = SCRIPT.replace("import motherlode\n", "import motherlode\ntorch.manual_seed(0)\n", 1)
    return subprocess.Popen([sys.executable, "-c", script, str(steps), kind, out], cwd=folder)


@pytest.mark.slow
def test_killed_twice_and_resumed(tmp_path):
    state, steps = tmp_path / "state", 800
    assert run(tmp_path, steps, "none", "whole.npz").wait() == 0
    for _ in range(2):
        before = state.read_bytes() if state.exists() else None
        victim = run(tmp_path, steps, "kept", "resumed.npz")
        deadline = time.monotonic() + 120
        while not state.exists() or state.read_bytes() == before:
            assert time.monotonic() < deadline
            assert victim.poll() is None
            time.sleep(0.005)
        victim.send_signal(signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL
        assert not Path(tmp_path / "resumed.npz").exists()
    assert run(tmp_path, steps, "kept", "resumed.npz").wait() == 0
    assert (tmp_path / "whole.npz").read_bytes() == (tmp_path / "resumed.npz").read_bytes()
    assert not state.exists()
