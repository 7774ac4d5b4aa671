r"""Hold mined events: rows of parameters, output and gold.

.. math:: \mathbb{E}_{x,z\sim p(\cdot|\theta)}\!\left[e^{-\log r(x,z|\theta,\theta')}\right] = 1,
   \qquad \mathbb{E}_{x,z\sim p(\cdot|\theta)}\left[t(x,z|\theta)\right] = 0

The audit checks these identities, which every data set must meet.
"""

from motherlode.core import philox_generator
from motherlode.events.audit import Audit
from motherlode.events.batch import Events
from motherlode.events.check_report import CheckReport
from motherlode.events.counts import Counts, Failure
from motherlode.events.errors import EventsError
from motherlode.events.guard_outcome import GuardOutcome
from motherlode.events.identities import Identity
from motherlode.events.simulator import Simulator
from motherlode.events.site_shares import SiteShare, site_shares
from motherlode.events.tails import pareto_k
from motherlode.events.traces import Site, TraceColumns

__all__ = [
    "Audit",
    "CheckReport",
    "Counts",
    "Events",
    "EventsError",
    "Failure",
    "GuardOutcome",
    "Identity",
    "Simulator",
    "Site",
    "SiteShare",
    "TraceColumns",
    "pareto_k",
    "philox_generator",
    "site_shares",
]
