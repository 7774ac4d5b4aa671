"""Clear the events of an earlier demo, and only those that a demo marked as its own."""

import shutil
from pathlib import Path

from motherlode.core import MotherlodeError

__all__ = ["FolderTaken", "claim_folder"]

_MARK = ".made-by-motherlode-demo"
_NOTE = "motherlode demo made this folder, and deletes it when it runs again with the same --out.\n"


class FolderTaken(MotherlodeError):
    """Refuse to clear a folder that a demo did not make.

    Attributes
    ----------
    path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} holds files that motherlode demo did not mark as its own, and a demo starts with no events. "
            "Nothing was deleted. Name another folder, or remove that one yourself."
        )


def claim_folder(path: Path) -> None:
    """Make an empty directory that carries the demo's mark; one that carries it already is deleted before.

    Raises
    ------
    FolderTaken
        If there is something in it and no mark.
    """
    if (path / _MARK).is_file():
        shutil.rmtree(path)
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise FolderTaken(path)
    (path / _MARK).write_text(_NOTE)
