"""Keep the whole state of a training in a file after each round, and go on from it."""

import hashlib
import zipfile
from pathlib import Path
from pickle import UnpicklingError
from typing import Generic, TypedDict

import numpy as np
import torch
from torch import Tensor

from motherlode.core.files import remove_unfinished, replacing
from motherlode.estimators.record import Round
from motherlode.losses.targets import E
from motherlode.training.early_stopping import EarlyStoppingState
from motherlode.training.errors import UnusableCheckpoint
from motherlode.training.optimizer import OptimizerState
from motherlode.training.run import TrainingRun

__all__ = ["Checkpoint"]

_GIVEN = ("theta", "x", "alternatives", "joint_log_ratio", "joint_score")


class _State(TypedDict):
    identity: dict[str, str]
    weights: dict[str, Tensor]
    optimizer: OptimizerState
    random: list[Tensor]
    schedule: tuple[int, int | None]
    progress: tuple[int, float]
    early_stopping: EarlyStoppingState
    history: list[tuple[int, float, float, float]]


class Checkpoint(Generic[E]):
    """The state of a run on disk, replaced atomically; it is read without executing anything.

    Parameters
    ----------
    path
        The file.
    run
        The run: estimator, optimizer, batches, schedule and the weights kept so far.
    """

    def __init__(self, path: str | Path, run: TrainingRun[E]) -> None:
        self.path, self.run, self.identity = Path(path), run, _identity(run)

    def save(self) -> None:
        """Write the state of the run."""
        run = self.run
        state: _State = {
            "identity": self.identity,
            "weights": run.estimator.state_dict(),
            "optimizer": run.optimizer.state(),
            "random": _random_states(),
            "schedule": (run.schedule.end, run.schedule.cut),
            "progress": (run.step, run.seconds),
            "early_stopping": run.early_stopping.state(),
            "history": [(row.step, row.training, row.validation, row.learning_rate) for row in run.history],
        }
        with replacing(self.path) as stream:
            torch.save(state, stream)

    def restore(self) -> bool:
        """Put the run into the state of the file and say whether there was one.

        Raises
        ------
        UnusableCheckpoint
            If the file belongs to another training (other events, network, loss, seed or options) or is damaged.
        """
        if not self.path.exists():
            return False
        state, run = self._read(), self.run
        found, mine = state["identity"], self.identity
        names = [name for name in mine | found if mine.get(name) != found.get(name)]
        if names:
            raise UnusableCheckpoint(self.path, {name: (found.get(name), mine.get(name)) for name in names})
        run.estimator.load_state_dict(state["weights"])
        run.optimizer.restore(state["optimizer"])
        _restore_random(state["random"])
        run.schedule.end, run.schedule.cut = state["schedule"]
        run.step, run.seconds = state["progress"]
        run.early_stopping.restore(state["early_stopping"])
        run.history = [Round(*row) for row in state["history"]]
        return True

    def _read(self) -> _State:
        with self.path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise UnusableCheckpoint(self.path)
            stream.seek(0)
            try:
                state: _State = torch.load(stream, map_location="cpu", weights_only=True)
            except (RuntimeError, UnpicklingError) as error:
                raise UnusableCheckpoint(self.path) from error
        if not isinstance(state, dict) or "identity" not in state:
            raise UnusableCheckpoint(self.path)
        return state

    def remove(self) -> None:
        """Delete the file, and what a killed process may have left of one: training has ended."""
        self.path.unlink(missing_ok=True)
        remove_unfinished(self.path)


def _identity(run: TrainingRun[E]) -> dict[str, str]:
    """Return what a training is, part by part: bytes of events and plain arguments, so that no sum depends on threads.

    The gradient of the proposal is worked out and not given; four digits of it do not depend on threads either.
    """
    sets = {"events fitted": run.dataset.reference, "events held out": run.dataset.validation.events}
    columns = {(name, place): getattr(events, name) for place, events in sets.items() for name in _GIVEN}
    gradient, estimator = run.dataset.reference.prior_score, run.estimator
    modules = {name: module for name, module in estimator.named_modules() if not list(module.children())}
    parts = {
        "loss": run.loss,
        "seed": run.seed,
        **{f"{name} of the {place}": _hash(column) for (name, place), column in columns.items() if column is not None},
        "slope of the proposal": None if gradient is None else [f"{d:.4g}" for d in gradient.square().mean(0).sqrt()],
        **{f"option {name}": value for name, value in vars(run.options).items()},
        "estimator": type(estimator).__name__,
        **{f"{name} of the estimator": value for name, value in estimator.configuration.items()},
        **{f"layer {name}": module for name, module in modules.items()},
        **{f"shape of {name}": tuple(weight.shape) for name, weight in estimator.named_parameters()},
    }
    return {name: str(value) for name, value in parts.items()}


def _hash(column: Tensor) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(column.cpu().numpy()).data).hexdigest()
    return f"sha256 {digest[:16]}, shape {tuple(column.shape)}"


def _random_states() -> list[Tensor]:
    """Return the states of torch's generators: the CPU's, then those of the CUDA devices, where there are any."""
    return [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])]


def _restore_random(states: list[Tensor]) -> None:
    torch.set_rng_state(states[0])
    if torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states[1 : 1 + torch.cuda.device_count()])
