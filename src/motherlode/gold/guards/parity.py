r"""Parity: x of a mined event is x of the bare program on the same random stream, bit for bit.

.. math:: x_\mathrm{mined}(\theta, \mathrm{stream}) = x_\mathrm{bare}(\theta, \mathrm{stream})

Interception hands the program numbers that are recorded. Where the program treats them otherwise than NumPy's own, it
is another program, and no identity of the gold shows it. The comparison sees a change of any size in the events it
looks at; a fault that touches a share q of the events escapes n comparisons with probability (1-q)ⁿ.
"""

import numpy as np

from motherlode.core import MotherlodeError
from motherlode.core.types import Integers
from motherlode.events import Events, GuardOutcome, Simulator
from motherlode.gold.guards.errors import NotTheProgram
from motherlode.gold.guards.possible import possible_of
from motherlode.gold.runs import same_output

__all__ = ["check_parity", "power_of_equality"]

_NAME = "parity"


def check_parity(simulator: Simulator, events: Events, rows: Integers) -> GuardOutcome:
    """Run the bare program again for some rows of mined events.

    Parameters
    ----------
    simulator
        What they were mined with.
    events
        Of one seed.
    rows
        Which to compare, ascending; consecutive events are run in one call.

    Raises
    ------
    NotTheProgram
        If an x differs.
    """
    if not possible_of(simulator).parity:
        return GuardOutcome(_NAME, "not possible here", "The program does not run outside of the interception.")
    if events.seed is None or len(rows) == 0:
        return GuardOutcome(_NAME, "not run", "There were no events of a known stream.")
    for part in np.split(rows, np.flatnonzero(np.diff(events.event[rows]) != 1) + 1):
        try:
            bare = simulator.simulate(events.theta[part], seed=events.seed, first=int(events.event[part[0]]))
        except MotherlodeError:
            raise
        except Exception as error:  # noqa: BLE001 - the bare program may raise anything
            words = f"The bare program raises where mining did not: {type(error).__name__}: {error}"
            return GuardOutcome(_NAME, "warning", words)
        for row, x in zip(part, np.asarray(bare, dtype=np.float64), strict=True):
            if not same_output(events.x[row], x):
                raise NotTheProgram(int(events.event[row]), events.theta[row], x, events.x[row])
    return GuardOutcome(_NAME, "passed", power_of_equality(len(rows)))


def power_of_equality(events: int) -> str:
    """Say what comparing x of so many events to the bit would have seen."""
    share = -np.expm1(np.log(0.05) / events)
    return f"Any shift of x would show, in {events} events; a fault in {share:.2g} of the events shows with 95 %."
