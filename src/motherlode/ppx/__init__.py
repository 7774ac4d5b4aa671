r"""Speak the probabilistic programming execution protocol (PPX) with a simulator behind a socket.

.. math:: \theta \mapsto x,\ \log p(x,z|\theta) - \log p(x,z|\theta'),\ \nabla_\theta \log p(x,z|\theta)

Nothing a peer sends is believed before it is checked, every receive has a deadline, and a simulator that we
started never outlives us. ``protocols/PPX.md`` is the protocol; :mod:`motherlode.frontends.remote` is the way in.
"""

__all__: list[str] = []
