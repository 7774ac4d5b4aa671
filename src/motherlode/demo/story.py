"""Follow the main job from end to end on the Galton board: mine, audit, train, infer, compare with the exact answer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import click
import numpy as np
import torch
from pyro.distributions import Uniform

from motherlode import losses
from motherlode.campaign import Campaign
from motherlode.core import Parameters
from motherlode.core.types import Array
from motherlode.demo.build import board_module, build_board
from motherlode.estimators import RatioEstimator
from motherlode.events import Audit, Simulator
from motherlode.inference import PosteriorSamples, posterior
from motherlode.store import EventStore
from motherlode.training import TrainingOptions, train

__all__ = ["BALLS", "THETA0", "THETA1", "Story", "open_board", "tell"]


THETA0, THETA1 = -0.8, -0.6
BALLS = 50


@dataclass(frozen=True)
class Story:
    """Hold what the demo found.

    Attributes
    ----------
    simulator
        The board.
    store, audit
        The mined events on disk, and their audit.
    draws
        Random draws behind them.
    x_observed
        The observation with shape ``(BALLS,)``.
    estimators
        Trained ratio estimators by loss.
    samples
        Posterior draws.
    seconds
        Wall time of each step by name.
    exact
        The exact truths, by dynamic programming.
    """

    simulator: Simulator
    store: EventStore
    audit: Audit
    draws: int
    x_observed: Array
    estimators: dict[str, RatioEstimator]
    samples: PosteriorSamples
    seconds: dict[str, float]
    exact: ModuleType = field(default_factory=lambda: board_module("exact"))

    def log_ratio(self, method: str) -> Array:
        """Return the learned log r(x|THETA0, THETA1) over the slots, shape (21,)."""
        slots = torch.as_tensor(self.exact.SLOTS, dtype=torch.float64)
        theta = torch.tensor([[THETA0], [THETA1]], dtype=torch.float64)
        return self.estimators[method].log_ratio(theta[:1], slots, theta[1:]).detach().numpy()

    def score(self, method: str) -> Array:
        """Return the learned score t(x|THETA0) over the slots, shape (21,)."""
        slots = torch.as_tensor(self.exact.SLOTS, dtype=torch.float64)
        theta = torch.full((len(slots), 1), THETA0, dtype=torch.float64)
        return self.estimators[method].score(theta, slots).numpy()[:, 0]

    def mse_log_ratio(self, method: str) -> float:
        """Return the mean squared error of that, weighted with p(x|THETA1)."""
        weights = self.exact.distribution([THETA1])[0][0]
        return float(np.sum(weights * (self.log_ratio(method) - self.exact.log_ratio(THETA0, THETA1)) ** 2))

    def exact_moments(self) -> tuple[float, float]:
        """Return mean and standard deviation of the exact posterior."""
        mean, deviation = self.exact.moments(self.x_observed)
        return float(mean), float(deviation)


def open_board(kind: str) -> Simulator:
    """Return the board in C++ (``"cpp"``) or Python (``"python"``)."""
    if kind == "cpp":
        from motherlode.frontends.remote import launch

        return launch([str(build_board()), "{endpoint}"])
    from motherlode.frontends.python.simulator import PythonSimulator

    plain = board_module("plain")
    return PythonSimulator(plain.galton, Parameters(plain.PARAMETERS, plain.LOW, plain.HIGH))


def tell(
    simulator: Simulator,
    out: Path,
    *,
    events: int,
    seed: int,
    workers: int,
    methods: tuple[str, ...],
    quick: bool = False,
) -> Story:
    """Run the job and return what it found.

    Parameters
    ----------
    simulator
        The board.
    out
        Directory; the events go to ``out/events``.
    events
        How many to mine.
    seed
        Root of every random number.
    workers
        Processes that mine.
    methods
        Losses to train; the first one's estimator is used for the posterior.
    quick
        Train and sample less.
    """
    seconds: dict[str, float] = {}
    with _step(seconds, "mine", f"Mining {events:,} events"):
        store = _mine(simulator, out / "events", events, seed, workers)
    with _step(seconds, "audit", "Reading them back and auditing"):
        mined = store.load()
        audit = mined.audit()
    click.echo(str(audit))
    thrown = np.full((BALLS, 1), THETA0)
    observed = np.asarray(simulator.simulate(thrown, seed=seed + 1), dtype=np.float64)
    options = TrainingOptions(steps=2500) if quick else TrainingOptions()
    estimators = {}
    for method in methods:
        with _step(seconds, f"train {method}", f"Training {method.upper()}"):
            estimators[method] = train(store, loss=getattr(losses, method), seed=seed, options=options)
    with _step(seconds, "infer", f"Sampling the posterior of theta for {BALLS} balls with Pyro's NUTS"):
        samples = _infer(simulator, estimators[methods[0]], observed, quick, seed)
    return Story(simulator, store, audit, mined.counts.draws, observed, estimators, samples, seconds)


def _mine(simulator: Simulator, path: Path, events: int, seed: int, workers: int) -> EventStore:
    return Campaign(simulator, events=events, alternatives=1, seed=seed, path=path).run(workers)


def _infer(
    simulator: Simulator, estimator: RatioEstimator, observed: Array, quick: bool, seed: int
) -> PosteriorSamples:
    low, high = simulator.parameters.probe_box()
    prior = {"theta": Uniform(float(low[0]), float(high[0]))}
    chains, samples = (2, 500) if quick else (4, 1000)
    made = posterior(estimator, prior, observed)
    return made.mcmc(method="pyro-nuts", chains=chains, samples=samples, warmup=300, seed=seed, progress=True)


@contextmanager
def _step(seconds: dict[str, float], name: str, text: str) -> Iterator[None]:
    click.secho(f"\n{text} …", bold=True, err=True)
    begin = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - begin
