r"""Extract the joint log-ratio and the joint score from a simulator's draws.

.. math:: \log r(x,z|\theta,\theta') = \sum_j \log\frac{p(z_j|z_{<j},\theta)}{p(z_j|z_{<j},\theta')},
   \qquad t(x,z|\theta) = \nabla_\theta \sum_j \log p(z_j|z_{<j},\theta)

It is the right label only if x depends on θ through the draws alone: the leak check replays events elsewhere.
"""

from motherlode.gold.check import Explain, examine
from motherlode.gold.guards import is_probed, probe_at, run_of, same_output
from motherlode.gold.one_pass import Ride, Together, TrackingEnded, rides_as_it_replays
from motherlode.gold.replay import Program, mine, simulate
from motherlode.gold.scoring import Scores, log_probs

__all__ = [
    "Explain",
    "Program",
    "Ride",
    "Scores",
    "Together",
    "TrackingEnded",
    "examine",
    "is_probed",
    "log_probs",
    "mine",
    "probe_at",
    "rides_as_it_replays",
    "run_of",
    "same_output",
    "simulate",
]
