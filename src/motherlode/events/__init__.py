r"""Hold mined events: rows of parameters, output and gold, in memory and on disk.

.. math:: \mathbb{E}_{x,z\sim p(\cdot|\theta)}\!\left[e^{-\log r(x,z|\theta,\theta')}\right] = 1,
   \qquad \mathbb{E}_{x,z\sim p(\cdot|\theta)}\left[t(x,z|\theta)\right] = 0

The audit checks these identities, which every data set must meet.
"""

from motherlode.events.audit import Audit, audit
from motherlode.events.batch import Counts, Events, Failure
from motherlode.events.branchings import SiteShare, site_shares
from motherlode.events.columns import StoredColumns
from motherlode.events.errors import CondemnedStore, CorruptManifest, CorruptShard, EventsError, StoreMismatch
from motherlode.events.manifest import Manifest
from motherlode.events.parameters import Parameters
from motherlode.events.pareto import pareto_k
from motherlode.events.report import CheckReport
from motherlode.events.simulator import Simulator
from motherlode.events.store import EventStore
from motherlode.events.streams import EventStreams, philox_generator
from motherlode.events.tables import read_table
from motherlode.events.traces import Site, TraceColumns

__all__ = [
    "Audit",
    "CheckReport",
    "CondemnedStore",
    "CorruptManifest",
    "CorruptShard",
    "Counts",
    "EventStore",
    "EventStreams",
    "Events",
    "EventsError",
    "Failure",
    "Manifest",
    "Parameters",
    "Simulator",
    "Site",
    "SiteShare",
    "StoreMismatch",
    "StoredColumns",
    "TraceColumns",
    "audit",
    "pareto_k",
    "philox_generator",
    "read_table",
    "site_shares",
]
