"""Find out whether gold is wrong: what every simulator must survive before its events are believed."""

from motherlode.gold.guards.closure import check_closure
from motherlode.gold.guards.errors import NotRepeatable, NotTheProgram
from motherlode.gold.guards.fresh import FreshReplay
from motherlode.gold.guards.parity import check_parity
from motherlode.gold.guards.possible import Guarded, Possible
from motherlode.gold.guards.probes import is_probed, probe_at
from motherlode.gold.guards.watch import GuardWarning, watched

__all__ = [
    "FreshReplay",
    "GuardWarning",
    "Guarded",
    "NotRepeatable",
    "NotTheProgram",
    "Possible",
    "check_closure",
    "check_parity",
    "is_probed",
    "probe_at",
    "watched",
]
