"""Measure training steps per second against sbi's loop and a bare torch loop, at equal network and batch size.

    python benchmarks/training.py [--quick] [--json] [--repeats 5] [--device cuda]

A ratio net (two layers of 64, batch 200) and a masked autoregressive flow (five transforms of two layers of 50, batch
200) on four parameters and eight observables. sbi 0.27 lives in an environment of its own, layered over this one and
made on first use. All sides fit the same 20,000 events with one thread, and steps/s are per CPU second, all of training
included; on a GPU per second of the clock, until it has done all it was given.
The last line is one JSON object: `ours_over_sbi_ratio` and `ours_over_sbi_flow` are ratios of steps/s, bigger is
better; `bare_over_ours` is a bare torch loop over ours on the same ratio net, smaller is better (1 is the floor).
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from peers import run_beside
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

import motherlode
from motherlode.estimators import LikelihoodEstimator, RatioEstimator
from motherlode.training import TrainingOptions

BATCH, EVENTS, D, L = 200, 20_000, 4, 8
MIXING = torch.randn(D, L, generator=torch.Generator().manual_seed(1))


def events(seed: int = 0) -> Any:
    """Return events of a linear model; its gold is that of x itself."""
    generator = torch.Generator().manual_seed(seed)
    theta = 2.0 * torch.rand(EVENTS, D, generator=generator) - 1.0
    x = theta @ MIXING + torch.randn(EVENTS, L, generator=generator)
    arrays = [value.double().numpy() for value in (theta, torch.empty(EVENTS, 0, D), x, torch.empty(EVENTS, 0))]
    return motherlode.Events(*arrays, np.zeros((EVENTS, D)), exchangeable=True)


class Clock:
    """Where all sides compute, and the seconds they take: of the processor, or of the wall on a GPU."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.begin = self._now()

    def seconds(self) -> float:
        """Return the seconds since the clock was made."""
        return self._now() - self.begin

    def _now(self) -> float:
        if self.device == "cpu":
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()


def ours_ratio(steps: int, device: str) -> float:
    """Return steps/s of our NRE-A."""
    mined = events()
    estimator = RatioEstimator.for_events(mined, reference="marginal", hidden=(64, 64))
    return _ours(mined, motherlode.losses.nre, estimator, steps, device)


def ours_flow(steps: int, device: str) -> float:
    """Return steps/s of our NLE by a masked autoregressive flow."""
    mined = events()
    estimator = LikelihoodEstimator.for_events(mined, density="maf", hidden=(50, 50), transforms=5, activation="tanh")
    return _ours(mined, motherlode.losses.nle, estimator, steps, device)


def _ours(mined: Any, loss: Any, estimator: Any, steps: int, device: str) -> float:
    options = TrainingOptions(steps=steps, batch_size=BATCH, patience=1.0)
    clock = Clock(device)
    motherlode.train(mined, loss, estimator, progress=False, options=options, device=device)
    return steps / clock.seconds()


def bare_ratio(steps: int, device: str) -> float:
    """Return steps/s of NRE-A written out in plain torch, with standardized data, clipping and validation alike."""
    mined = events()
    theta, x = (torch.as_tensor(value, dtype=torch.float32, device=device) for value in (mined.theta, mined.x))
    theta, x = (theta - theta.mean(0)) / theta.std(0), (x - x.mean(0)) / x.std(0)
    net = nn.Sequential(nn.Linear(D + L, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1)).to(device)
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3, fused=True)
    labels, held = (torch.arange(2.0, device=device).repeat_interleave(size) for size in (BATCH, 250))
    clock = Clock(device)
    for step in range(steps):
        rows = torch.randint(EVENTS, (BATCH,), device=device)
        _bare_step(net, optimizer, theta[rows], x[rows], labels)
        if step % max(1, steps // 50) == 0:
            with torch.no_grad():
                for first in range(0, 2000, 250):
                    float(_bare_loss(net, theta[first : first + 250], x[first : first + 250], held))
    return steps / clock.seconds()


def _bare_step(net: nn.Module, optimizer: Any, theta: Tensor, x: Tensor, labels: Tensor) -> None:
    loss = _bare_loss(net, theta, x, labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 10.0)
    optimizer.step()
    float(loss.detach())


def _bare_loss(net: nn.Module, theta: Tensor, x: Tensor, labels: Tensor) -> Tensor:
    inputs = torch.cat([torch.cat([theta, x], 1), torch.cat([theta.roll(1, 0), x], 1)])
    return binary_cross_entropy_with_logits(-net(inputs).squeeze(-1), labels)


def sbi_ratio(steps: int, device: str) -> float:
    """Return steps/s of sbi's NRE-A."""
    from sbi.inference import NRE_A
    from sbi.neural_nets import classifier_nn

    build = classifier_nn("mlp", hidden_features=64)
    return _sbi(NRE_A(classifier=build, device=device, show_progress_bars=False), steps, device)


def sbi_flow(steps: int, device: str) -> float:
    """Return steps/s of sbi's NLE by a masked autoregressive flow."""
    from sbi.inference import NLE
    from sbi.neural_nets import likelihood_nn

    build = likelihood_nn("maf", hidden_features=50, num_transforms=5)
    return _sbi(NLE(density_estimator=build, device=device, show_progress_bars=False), steps, device)


def _sbi(inference: Any, steps: int, device: str) -> float:
    mined = events()
    theta, x = (torch.as_tensor(value, dtype=torch.float32) for value in (mined.theta, mined.x))
    epoch = int(EVENTS * 0.9) // BATCH
    epochs = max(1, round(steps / epoch))
    inference.append_simulations(theta, x)
    clock = Clock(device)
    inference.train(training_batch_size=BATCH, max_num_epochs=epochs, stop_after_epochs=10_000)
    return inference.summary["epochs_trained"][-1] * epoch / clock.seconds()


Side = Callable[[int, str], float]


def ratios_of(above: Side, below: Side, steps: int, device: str, repeats: int) -> list[float]:
    """Return the ratios of steps/s of both sides, run in turn."""
    return [above(steps, device) / below(steps, device) for _ in range(repeats)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="print the last line only")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    arguments = parser.parse_args()
    run_beside("sbi", "sbi==0.27.0")
    steps, repeats = (900, 1) if arguments.quick else (2700, arguments.repeats)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    sides: dict[str, tuple[Side, Side]] = {
        "bare_over_ours": (bare_ratio, ours_ratio),
        "ours_over_sbi_ratio": (ours_ratio, sbi_ratio),
        "ours_over_sbi_flow": (ours_flow, sbi_flow),
    }
    result: dict[str, Any] = {"device": arguments.device, "steps": steps}
    for name, (above, below) in sides.items():
        above(50, arguments.device), below(90, arguments.device)
        ratios = ratios_of(above, below, steps, arguments.device, repeats)
        result |= {name: float(np.median(ratios)), f"{name}_range": [min(ratios), max(ratios)]}
        if not arguments.json:
            print(f"{name:22s} {result[name]:.2f}  ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
