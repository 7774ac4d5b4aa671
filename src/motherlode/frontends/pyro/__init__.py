r"""Mine Pyro models: autograd for the score, replay for the ratio, vectorized over events.

.. math:: t(x,z|\theta) = \nabla_\theta \sum_s \log p_s(v_s \mid v_{<s}, \theta)

with all values :math:`v_s` detached, in float64, through Pyro's own distributions.
"""

from motherlode.frontends.pyro.errors import (
    GradientLost,
    LiveTangent,
    ModelRefused,
    NameClash,
    NoDensity,
    NotBatched,
    StaleView,
    TangentLost,
    ThetaUnseen,
)
from motherlode.frontends.pyro.mining_pass import MiningPass, mining
from motherlode.frontends.pyro.simulator import PyroSimulator

__all__ = [
    "GradientLost",
    "LiveTangent",
    "MiningPass",
    "ModelRefused",
    "NameClash",
    "NoDensity",
    "NotBatched",
    "PyroSimulator",
    "StaleView",
    "TangentLost",
    "ThetaUnseen",
    "mining",
]
