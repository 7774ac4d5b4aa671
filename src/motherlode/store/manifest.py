"""Say where a store's events come from, so that every figure can be walked back to seeds."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from motherlode.core.files import create_text, write_text
from motherlode.core.parameters import Parameters
from motherlode.core.types import JSON
from motherlode.store.errors import CorruptManifest, StoreMismatch

__all__ = ["FORMAT", "Manifest", "library_versions"]

FORMAT = 3
_LIBRARIES = ("motherlode", "numpy", "scipy", "pyarrow")


def library_versions(*names: str) -> dict[str, str]:
    """Return installed versions by distribution name, with Python's own; a name not installed is left out."""
    versions = {"python": platform.python_version()}
    for name in names or _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@dataclass(frozen=True)
class Manifest:
    """Describe the origin of a set of events.

    Attributes
    ----------
    simulator, version
        Name, and version or content hash, of the simulator.
    parameters
        Names and bounds of θ.
    alternatives
        K.
    seed
        Seed of the campaign's streams; None for events appended by hand.
    proposal
        How θ and alternatives were proposed, as plain data: ``law`` is one of :meth:`motherlode.Law.to_json`.
    exchangeable
        Whether they are exchangeable (pair losses need it); None where nobody said.
    traces
        Whether the branchings are kept.
    score_valid
        Whether every event has a joint score.
    libraries
        Versions that made the store.
    """

    simulator: str
    version: str
    parameters: Parameters
    alternatives: int
    seed: int | None = None
    proposal: Mapping[str, JSON] = field(default_factory=dict)
    exchangeable: bool | None = None
    traces: bool = False
    score_valid: bool = True
    libraries: Mapping[str, str] = field(default_factory=library_versions)

    def inputs(self) -> dict[str, JSON]:
        """Return what the events follow from, as plain data."""
        return {
            "simulator": self.simulator,
            "version": self.version,
            "parameters": self.parameters.to_json(),
            "alternatives": self.alternatives,
            "seed": self.seed,
            "proposal": dict(self.proposal),
            "exchangeable": self.exchangeable,
            "traces": self.traces,
        }

    def inputs_hash(self) -> str:
        """Return SHA-256 of the inputs."""
        canonical = json.dumps(self.inputs(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def check_same_inputs(self, given: "Manifest", path: Path) -> None:
        """Refuse `given` if it describes other events.

        Raises
        ------
        StoreMismatch
            Naming the first difference.
        """
        mine, theirs = self.inputs(), given.inputs()
        for name, value in mine.items():
            if value != theirs[name]:
                raise StoreMismatch(path, name, value, theirs[name])

    def write(self, path: Path) -> None:
        """Write as JSON, atomically, in place of what is there."""
        write_text(path, self._text())

    def create(self, path: Path) -> bool:
        """Write as JSON, atomically, unless there is a manifest already; return whether this one was written."""
        return create_text(path, self._text())

    def _text(self) -> str:
        data = self.inputs() | {
            "format": FORMAT,
            "score_valid": self.score_valid,
            "libraries": dict(self.libraries),
            "inputs_sha256": self.inputs_hash(),
        }
        return json.dumps(data, indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read what :meth:`write` wrote.

        Raises
        ------
        CorruptManifest
            If the file is damaged, was edited, or is of another format.
        """
        try:
            data = json.loads(path.read_text())
            written = data.pop("format")
            if written != FORMAT:
                raise CorruptManifest(path, f"it is of format {written}, and this version reads format {FORMAT} only")
            digest = data.pop("inputs_sha256")
            manifest = cls(**data | {"parameters": Parameters.from_json(data["parameters"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CorruptManifest(path, f"it is no manifest ({error!r})") from error
        if digest != manifest.inputs_hash():
            raise CorruptManifest(path, "its inputs are not those it was written with (inputs_sha256 differs)")
        return manifest
