"""Write the rounds of a training as scalars for TensorBoard, where the caller asked for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from motherlode.estimators.record import Round
from motherlode.training.errors import NoTensorBoard

__all__ = ["writing"]


@contextmanager
def writing(folder: str | Path | None) -> Iterator[Callable[[Round], None]]:
    """Yield a function that writes a round to a folder; without a folder it writes nothing.

    Parameters
    ----------
    folder
        Where ``tensorboard --logdir`` will look.

    Raises
    ------
    NoTensorBoard
        If a folder is given and TensorBoard is not installed.
    """
    if folder is None:
        yield lambda _: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise NoTensorBoard(Path(folder)) from error
    with SummaryWriter(str(folder)) as writer:

        def write(row: Round) -> None:
            scalars = {"loss/training": row.training, "loss/validation": row.validation, "rate": row.learning_rate}
            for name, value in scalars.items():
                writer.add_scalar(name, value, row.step)

        yield write
