r"""Simulate and mine with programs that speak PPX, in another process or on another machine.

.. math:: \theta \mapsto x,\ \log p(x,z|\theta) - \log p(x,z|\theta'),\ \nabla_\theta \log p(x,z|\theta)
"""

from motherlode.frontends.remote.opening import connect, launch
from motherlode.frontends.remote.simulator import RemoteSimulator

__all__ = ["RemoteSimulator", "connect", "launch"]
