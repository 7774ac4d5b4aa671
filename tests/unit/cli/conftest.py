"""A model file that is exact, so that the commands which read one are tested without a training."""

import math

import pytest
from click.testing import CliRunner

import motherlode
from motherlode.cli import main
from motherlode.estimators.record import Round, TrainingRecord

DEVIATION = 0.3


class Exact:
    """The likelihood of x ~ Normal(theta, DEVIATION), as an estimator that was trained on a law of theta."""

    def __init__(self, law):
        self.shape = (law.dimension,)
        origin = {"store": "events", "seed": 11, "proposal": {"law": law.to_json(), "near": None}}
        history = (Round(100, 0.5, 0.5, 1e-3),)
        self.record = TrainingRecord("nle", None, 900, 100, 7, 100, 100, 0.5, 1.0, origin, history)

    def log_prob(self, x, theta):
        """Return log p(x|theta) with shape (*B,)."""
        distances = (x - theta) / DEVIATION
        return -0.5 * (distances**2).sum(-1) - x.shape[-1] * math.log(DEVIATION * math.sqrt(2.0 * math.pi))


@pytest.fixture
def exact_model(tmp_path, monkeypatch):
    """Return a function from names and ranges to the path of a model that was trained there."""

    def made(**ranges):
        path = tmp_path / "exact_model"
        path.write_bytes(b"weights")
        law = motherlode.Law.of({name: list(ends) for name, ends in ranges.items()})
        monkeypatch.setattr(motherlode, "load", lambda _: Exact(law))
        return path

    return made


@pytest.fixture
def command():
    """Return a function that runs a command of motherlode and raises what it did not expect."""

    def run(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)

    return run
