"""Get a simulator behind a socket: start a program and own it, or connect to one that already runs."""

import os
from collections.abc import Sequence

from motherlode.frontends.remote.simulator import RemoteSimulator
from motherlode.ppx.client.greeting import Names
from motherlode.ppx.client.pool import Options
from motherlode.ppx.client.process import find_program

__all__ = ["connect", "launch"]


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
