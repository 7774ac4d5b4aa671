r"""Mine Pyro models: autograd for the score, replay for the ratio, vectorized over events.

.. math:: t(x,z|\theta) = \nabla_\theta \sum_s \log p_s(v_s \mid v_{<s}, \theta)

with all values :math:`v_s` detached, in float64, through Pyro's own distributions.
"""

from motherlode.frontends.pyro.errors import LiveTangent, ModelRefused, NameClash, NoDensity, NotBatched
from motherlode.frontends.pyro.simulator import PyroSimulator, is_pyro_model, wrap_pyro

__all__ = [
    "LiveTangent",
    "ModelRefused",
    "NameClash",
    "NoDensity",
    "NotBatched",
    "PyroSimulator",
    "is_pyro_model",
    "wrap_pyro",
]
