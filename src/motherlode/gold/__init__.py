r"""Extract the joint log-ratio and the joint score from a simulator's draws.

.. math:: \log r(x,z|\theta,\theta') = \sum_j \log\frac{p(z_j|z_{<j},\theta)}{p(z_j|z_{<j},\theta')},
   \qquad t(x,z|\theta) = \nabla_\theta \sum_j \log p(z_j|z_{<j},\theta)

It is the right label only if x depends on θ through the draws alone: the leak check replays events elsewhere.
"""

from motherlode.gold.assemble import check_output_shapes, gather
from motherlode.gold.audit import audit
from motherlode.gold.check import Explain, check_simulator
from motherlode.gold.guards import Possible, is_probed, probe_at, watched
from motherlode.gold.one_pass import OnePass, OnePassProgram, TrackingEnded, agrees_with_replay
from motherlode.gold.replay import mine, simulate
from motherlode.gold.runs import Program, RecordedRun, record_run, same_output
from motherlode.gold.scoring import Scores, log_probs

__all__ = [
    "Explain",
    "OnePass",
    "OnePassProgram",
    "Possible",
    "Program",
    "RecordedRun",
    "Scores",
    "TrackingEnded",
    "agrees_with_replay",
    "audit",
    "check_output_shapes",
    "check_simulator",
    "gather",
    "is_probed",
    "log_probs",
    "mine",
    "probe_at",
    "record_run",
    "same_output",
    "simulate",
    "watched",
]
