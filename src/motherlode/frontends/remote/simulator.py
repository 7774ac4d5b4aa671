"""Use a program behind a PPX socket as a simulator.

A front end of motherlode in the program ("gold" peers) runs whole blocks of events and makes gold itself; any other
PPX 1.0.0 program is driven draw by draw, and gold comes from replay over the wire.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core import Parameters
from motherlode.core.types import Array
from motherlode.events import CheckReport, Events
from motherlode.gold import check_simulator, gather, mine, simulate
from motherlode.ppx.client.greeting import Names, parameters_of, version_of
from motherlode.ppx.client.pool import Options, Pool
from motherlode.ppx.client.workload import Workload, join
from motherlode.ppx.errors import EventFailed
from motherlode.ppx.format.schema import Recorded

__all__ = ["RemoteSimulator"]


GOLD_TIER = "inside the program: it has motherlode's front end and answers in blocks"
PLAIN_TIER = "replay over the wire: 1 + K + 2D runs for each event; with motherlode's header in it, many times faster"


class RemoteSimulator:
    """Simulate and mine with a program behind a socket.

    Satisfies :class:`motherlode.events.Simulator`. It pickles as its options: a copy in another process starts its
    own program when first used.

    Parameters
    ----------
    options
        How to reach the program.
    parameters
        Names or addresses of the Sample requests that are θ; with bounds as a :class:`~motherlode.core.Parameters`.
        A gold peer says them itself.
    """

    def __init__(self, options: Options, parameters: Names = None) -> None:
        self.options = options
        self._pool = Pool(options)
        session = self._pool.session()
        self._gold = session.gold
        self._name = session.peer.model_name or Path(*options.argv[:1]).name or options.endpoint
        self._version = version_of(session.peer, options)
        try:
            self._parameters = parameters_of(session.peer, parameters)
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """Name that the program gives itself."""
        return self._name

    @property
    def version(self) -> str:
        """Version that the program says, and for a program of ours a hash of its file."""
        return self._version

    @property
    def parameters(self) -> Parameters:
        """Names and bounds of θ."""
        return self._parameters

    def simulate(self, theta: ArrayLike, seed: int = 0, first: int = 0) -> Array:
        """Return x with shape (N, *L).

        Parameters
        ----------
        theta
            Shape (N, D).
        seed, first
            Event i uses stream (seed, first + i).

        Raises
        ------
        ParameterError
            If theta cannot be right; nothing has run then.
        EventFailed
            If an event raised.
        WireError
            If the program cannot be talked to.
        """
        points = self.parameters.check(theta)
        if not self._gold:
            return simulate(self._pool.program(self.parameters.names), points, root=seed, first=first)
        none = np.empty((len(points), 0, points.shape[1]))
        events = self._pool.run(Workload(Recorded.SIMULATE, points, none, self.parameters, seed, first))
        if events.failures:
            failure = events.failures[0]
            raise EventFailed(failure.event, failure.theta, failure.reason)
        return events.x

    def mine(
        self,
        theta: ArrayLike,
        alternatives: ArrayLike | None = None,
        *,
        seed: int = 0,
        first: int = 0,
        traces: bool = False,
    ) -> Events:
        """Return events with gold.

        Parameters
        ----------
        theta
            Shape (N, D).
        alternatives
            Shape (N, K, D) or (K, D).
        seed, first
            Event i uses stream (seed, first + i).
        traces
            Whether to bring the branchings back.

        Raises
        ------
        ParameterError
            If an argument cannot be right; nothing has run then.
        LeakError
            If x moves with θ other than through the draws.
        SimulatorFailed
            If every event raised.
        WireError
            If the program cannot be talked to.
        """
        points = self.parameters.check(theta)
        others = self.parameters.check_alternatives(alternatives, len(points))
        return self._mine(points, others, seed, first, traces)

    def _mine(self, theta: Array, others: Array, seed: int, first: int, traces: bool, probes: int = 1000) -> Events:
        if not self._gold:
            return self._replay(theta, others, seed, first, traces)
        record = Recorded.TRACES if traces else Recorded.GOLD
        return gather([self._pool.run(Workload(record, theta, others, self.parameters, seed, first, probes))])

    def check(self, theta: ArrayLike, alternatives: ArrayLike | None = None) -> CheckReport:
        """Say whether the program can be mined; see :func:`motherlode.gold.check_simulator`.

        Parameters
        ----------
        theta, alternatives
            As for :meth:`mine`.
        """
        return check_simulator(self, theta, alternatives, tier=GOLD_TIER if self._gold else PLAIN_TIER)

    def program(self, theta: Array) -> Array:
        """Run one event at θ with shape (D,), each draw through the handlers in force, and return x."""
        return self._pool.program(self.parameters.names)(theta)

    def _replay(self, theta: Array, others: Array, seed: int, first: int, traces: bool) -> Events:
        """Mine a plain program over the wire; each worker takes a contiguous share of the rows."""
        shares = np.array_split(np.arange(len(theta)), self.options.workers)

        def share(worker: int) -> Events:
            rows, program = shares[worker], self._pool.mended(self._pool.program(self.parameters.names, worker))
            at = slice(rows[0], rows[-1] + 1)
            start = first + int(rows[0])
            return mine(program, self.parameters, theta[at], others[at], root=seed, first=start, traces=traces)

        return join(self._pool.map(share, len(theta)))

    def close(self) -> None:
        """End the programs that are ours and close every connection. The next use opens them again."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
