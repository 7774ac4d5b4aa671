"""Read off a greeting what a simulator is: its version, and the names and bounds of its parameters."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from motherlode.core import ParameterError, Parameters
from motherlode.ppx.client.pool import Options
from motherlode.ppx.format.messages import Described, HandshakeResult

__all__ = ["Names", "parameters_of", "version_of"]

Names = str | Sequence[str] | Parameters | None


def version_of(peer: HandshakeResult, options: Options) -> str:
    """Return the version the program says, and for a program of ours a hash of its command line.

    Of words that name a file, also behind ``=``, the content counts and not the name; of others the word.
    """
    told = peer.simulator.version if peer.simulator else peer.system_name
    if not options.argv:
        return told
    content = hashlib.sha256()
    for word in options.argv:
        option, equals, value = word.rpartition("=")
        named = os.path.isfile(value)  # noqa: PTH113 - False, no error, for words too long to be a path
        content.update(f"{option}{equals}".encode() + Path(value).read_bytes() if named else word.encode())
    return f"{told}+{content.hexdigest()[:16]}"


def parameters_of(peer: HandshakeResult, given: Names) -> Parameters:
    """Return θ's names and bounds: the peer's own where it says them, else the caller's."""
    declared = given if isinstance(given, Parameters) or given is None else Parameters(tuple(np.atleast_1d(given)))
    if peer.simulator is None or not peer.simulator.parameter_names:
        if declared is None:
            raise ParameterError(
                f"The program {peer.model_name or '(no name)'} does not say which of its draws are parameters. "
                "Without that nothing can be varied. "
                'Name them: parameters=("theta",), by name or address of Sample requests.'
            )
        return declared
    told = peer.simulator
    if declared is not None and declared.names != told.parameter_names:
        raise ParameterError(
            f"parameters= names {declared.names}, but the program says its parameters are {told.parameter_names}. "
            "Columns of theta would be mixed up. Leave parameters= away, or repeat the program's names in its order."
        )
    return declared if declared is not None and declared.low is not None else _declared(peer.simulator)


def _declared(told: Described) -> Parameters:
    """Return names and bounds as the peer says them; an infinite side declares no box, and bounds are left out then."""
    low, high = told.parameter_low, told.parameter_high
    if low is None or high is None or not np.isfinite([low, high]).all():
        return Parameters(told.parameter_names)
    return Parameters(told.parameter_names, tuple(low.tolist()), tuple(high.tolist()))
