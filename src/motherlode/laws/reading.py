"""Read laws as people write them: ``name=low:high,…``, YAML, ``[low, high]`` and ``{law: [a, b]}``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from motherlode.core import Parameters
from motherlode.core.types import JSON, Foreign, LawLike
from motherlode.laws.adapters import adapter_for, adapter_of
from motherlode.laws.errors import LawError
from motherlode.laws.factor import Factor
from motherlode.laws.scipy_laws import PREFIX, from_scipy, scipy_factor
from motherlode.laws.table import LAWS, named_law

__all__ = ["factor_from_json", "factor_of", "read_bounds", "read_text"]


def read_text(text: str) -> dict[str, Foreign]:
    """Return the entries of ``name=low:high,…`` or of a YAML file, by name.

    Raises
    ------
    LawError
        If it is neither.
    """
    if "=" in text:
        return _from_line(text)
    try:
        data = yaml.safe_load(Path(text).read_text())
    except (OSError, yaml.YAMLError) as error:
        raise LawError(f"The prior {text!r} is neither name=low:high,… nor a YAML file: {error}.") from error
    if not isinstance(data, Mapping):
        raise LawError(f"{text} holds {type(data).__name__}, but a mapping from names to laws is needed.")
    return {str(name): entry for name, entry in data.items()}


def read_bounds(parameters: Parameters) -> dict[str, list[float]]:
    """Return the declared bounds by name.

    Raises
    ------
    LawError
        If none are declared.
    """
    if parameters.low is None or parameters.high is None:
        raise LawError(
            f"No bounds are declared for {', '.join(parameters.names)}, so there is no box to propose from. "
            "Say --prior name=low:high, or wrap the simulator with low= and high=."
        )
    ends = zip(parameters.names, parameters.low, parameters.high, strict=True)
    return {name: [low, high] for name, low, high in ends}


def _from_line(text: str) -> dict[str, Foreign]:
    entries: dict[str, Foreign] = {}
    for part in text.split(","):
        try:
            name, bounds = part.split("=")
            low, high = (float(bound) for bound in bounds.split(":"))
        except ValueError as error:
            raise LawError(f"{part!r} in the prior {text!r} is not of the form name=low:high.") from error
        if name.strip() in entries:
            raise LawError(f"The prior {text!r} names {name.strip()} twice. Give each parameter one range.")
        entries[name.strip()] = [low, high]
    return entries


def factor_of(law: LawLike) -> Factor:
    """Return one factor from ``[low, high]``, ``{law: arguments}``, or a distribution of scipy, torch or Pyro.

    Raises
    ------
    LawError
        If it is none of these.
    """
    if isinstance(law, Sequence | Mapping) and not isinstance(law, str):
        return _from_entry(law)
    adapter = adapter_of(law)
    factor = from_scipy(law) if adapter is None else adapter.factor(law)
    if factor is None:
        raise LawError(
            f"{law!r}, a {type(law).__name__}, cannot be read as a law of θ. It has to be drawn from and to have a "
            "density. Give [low, high], {law: arguments}, a distribution of torch or Pyro, or a frozen one of scipy."
        )
    return factor


def _from_entry(entry: Sequence[float] | Mapping[str, Foreign]) -> Factor:
    try:
        if isinstance(entry, Mapping):
            ((name, arguments),) = entry.items()
            return named_law(str(name), arguments)
        low, high = entry
        return named_law("uniform", (low, high))
    except (TypeError, ValueError) as error:
        if isinstance(error, LawError):
            raise
        raise LawError(
            f"The law {entry!r} cannot be read ({error}). Give each name [low, high] or {{law: [a, b]}}."
        ) from error


def factor_from_json(entry: JSON) -> Factor:
    """Return the factor that a manifest describes.

    Raises
    ------
    LawError
        If nobody knows its name.
    """
    if not isinstance(entry, dict):
        raise LawError(f"{entry!r} describes no law: it is no mapping with law and arguments.")
    law, arguments = entry.get("law"), entry.get("arguments")
    if not isinstance(law, str) or not isinstance(arguments, dict):
        raise LawError(f"{entry!r} describes no law: it has no name or no arguments.")
    if law in LAWS:
        numbers = {name: value for name, value in arguments.items() if isinstance(value, int | float)}
        return named_law(law, numbers)
    if law.startswith(PREFIX):
        return scipy_factor(law, arguments)
    adapter = adapter_for(law.partition(".")[0])
    if adapter is None:
        raise LawError(f"No law is called {law}. It was written by another version. Mine the events again.")
    return adapter.from_json(law, arguments)
