"""Use a program behind a PPX socket as a simulator: one of ours to start and own, or one that already runs.

A front end of motherlode in the program ("gold" peers) runs whole blocks of events and makes gold itself; any other
PPX 1.0.0 program is driven draw by draw, and gold comes from replay over the wire.
"""

import os
from collections.abc import Sequence
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
from motherlode.ppx.client.process import find_program
from motherlode.ppx.client.workload import Workload, join
from motherlode.ppx.errors import EventFailed
from motherlode.ppx.format.schema import Recorded

__all__ = ["Options", "RemoteSimulator", "connect", "launch"]


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


def _positive(**numbers: float) -> None:
    for name, number in numbers.items():
        if not number > 0:
            raise ValueError(f"{name}={number} is not positive. Nothing was started. Give a number above 0.")


def launch(
    argv: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    parameters: Names = None,
    workers: int = 1,
    timeout: float = 30.0,
    *,
    respawns: int = 0,
    restart_per_event: bool = False,
    redraw_observed: bool = False,
) -> RemoteSimulator:
    """Start a PPX program as a child process and return it as a simulator.

    Parameters
    ----------
    argv
        Program and arguments. ``{endpoint}`` is replaced by the private endpoint, which is appended where no
        argument has it, and also set as ``MOTHERLODE_ENDPOINT``.
    parameters
        Needed for a plain PPX 1.0.0 program: names or addresses of the Sample requests that are θ.
    workers
        Copies of the program to run at once.
    timeout
        Seconds that any one answer may take.
    respawns
        How often a program that died is replaced while mining; the event that kills it becomes a failure record.
    restart_per_event
        For plain programs that keep state between runs.
    redraw_observed
        For plain programs that condition on data: draw x from the distribution of the Observe instead.

    Raises
    ------
    WireError
        If it cannot be started or does not answer.

    Examples
    --------
    A program of ours in Python; one in C++ or any other PPX program is launched alike:

    >>> import sys
    >>> program = (
    ...     "import os, motherlode; from motherlode.ppx.server import serve; "
    ...     "coin = motherlode.wrap(lambda theta, rng: rng.random() < theta[0], 'p', 0.1, 0.9); "
    ...     "serve(coin, os.environ['MOTHERLODE_ENDPOINT'])"
    ... )
    >>> with launch([sys.executable, "-c", program]) as simulator:
    ...     events = simulator.mine([[0.5]] * 10, [[0.6]], seed=1)
    >>> simulator.parameters.names, len(events)
    (('p',), 10)
    """
    words = [os.fspath(argv)] if isinstance(argv, str | os.PathLike) else [os.fspath(word) for word in argv]
    _positive(workers=workers, timeout=timeout)
    options = Options(
        argv=find_program(words),
        timeout=timeout,
        workers=workers,
        respawns=respawns,
        restart_per_event=restart_per_event,
        redraw_observed=redraw_observed,
    )
    return RemoteSimulator(options, parameters)


def connect(
    endpoint: str,
    parameters: Names = None,
    timeout: float = 30.0,
    *,
    keys: str | os.PathLike[str] | None = None,
    redraw_observed: bool = False,
) -> RemoteSimulator:
    """Connect to a PPX program that already runs and return it as a simulator.

    Parameters
    ----------
    endpoint
        ``tcp://HOST:PORT`` or ``ipc://PATH``.
    keys
        The ``client`` folder that ``motherlode keys`` made, for a simulator that asks for keys.
    parameters, timeout, redraw_observed
        As for :func:`launch`.

    Raises
    ------
    WireError
        If nothing that speaks PPX answers there, or the keys do not match.

    Examples
    --------
    A program that serves a coin until it is ended, and a client of it:

    >>> import subprocess, sys, tempfile
    >>> program = (
    ...     "import sys, motherlode; from motherlode.ppx.server import Server; "
    ...     "coin = motherlode.wrap(lambda theta, rng: rng.random() < theta[0], 'p', 0.1, 0.9); "
    ...     "server = Server(coin, sys.argv[1]); print('serving', flush=True); server.run()"
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     endpoint = f"ipc://{folder}/coin"
    ...     with subprocess.Popen([sys.executable, "-c", program, endpoint], stdout=subprocess.PIPE) as running:
    ...         told = running.stdout.readline()
    ...         with connect(endpoint) as simulator:
    ...             x = simulator.simulate([[0.5]] * 10, seed=1)
    ...         running.kill()
    >>> x.shape
    (10,)
    """
    _positive(timeout=timeout)
    path = "" if keys is None else os.fspath(keys)
    options = Options(endpoint=endpoint, timeout=timeout, keys=path, redraw_observed=redraw_observed)
    return RemoteSimulator(options, parameters)
