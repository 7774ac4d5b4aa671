"""Provide what all layers use: errors, parameters, random streams, files and locks.

The stream of event i is Philox4x64 with key (seed, purpose) and counter (block, thread, i, 0), so row i does not depend
on the number of workers or on the size of shards.
"""

from motherlode.core.errors import MotherlodeError, ParameterError, WriteError
from motherlode.core.parameters import Parameters
from motherlode.core.streams import EventStreams, philox_generator

__all__ = ["EventStreams", "MotherlodeError", "ParameterError", "Parameters", "WriteError", "philox_generator"]
