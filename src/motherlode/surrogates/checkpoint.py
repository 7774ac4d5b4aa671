"""Keep the whole state of a training in a file after each round, and go on from it."""

from pathlib import Path
from typing import Any

import torch

from motherlode.surrogates.errors import UnknownFormat
from motherlode.surrogates.history import Round

__all__ = ["Checkpoint"]


class Checkpoint:
    """The state of a run on disk, replaced atomically; it is read without executing anything.

    Parameters
    ----------
    path
        The file.
    run
        The training: estimator, optimizer, batches, schedule and best weights.
    """

    def __init__(self, path: str | Path, run: Any) -> None:
        self.path, self.run, self.origin = Path(path), run, _origin(run)

    def save(self) -> None:
        """Write the state of the run."""
        run = self.run
        state = {
            "origin": self.origin,
            "weights": run.estimator.state_dict(),
            "optimizer": run.descent.state(),
            "random": torch.get_rng_state(),
            "schedule": [run.schedule.end, run.schedule.cut],
            "progress": [run.step, run.seconds],
            "best": run.best.state(),
            "history": [list(row) for row in run.history],
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, self._unfinished)
        self._unfinished.replace(self.path)

    def restore(self) -> bool:
        """Put the run into the state of the file and say whether there was one.

        Raises
        ------
        UnknownFormat
            If the file belongs to another training: other events, network, loss, seed or options.
        """
        if not self.path.exists():
            return False
        state, run = torch.load(self.path, map_location="cpu", weights_only=True), self.run
        if state["origin"] != self.origin:
            raise UnknownFormat(self.path, f"it belongs to {state['origin']}, and this training is {self.origin}")
        run.estimator.load_state_dict(state["weights"])
        run.descent.restore(state["optimizer"])
        torch.set_rng_state(state["random"])
        run.schedule.end, run.schedule.cut = state["schedule"]
        run.step, run.seconds = state["progress"]
        run.best.restore(state["best"])
        run.history = [Round(*row) for row in state["history"]]
        return True

    def remove(self) -> None:
        """Delete the file, and what a killed process may have left of one: training has ended."""
        self.path.unlink(missing_ok=True)
        self._unfinished.unlink(missing_ok=True)

    @property
    def _unfinished(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")


def _origin(run: Any) -> str:
    columns = vars(run.dataset.reference).values()
    sums = [float(column.double().sum()) for column in columns if column is not None]
    weights = {name: tuple(value.shape) for name, value in run.estimator.named_parameters()}
    return (
        f"{run.loss!r}, seed {run.seed}, {len(run.dataset.training)} events whose columns sum to {sums}, "
        f"{type(run.estimator).__name__} with weights {weights}, {run.options}"
    )
