r"""Turn what scientists have into simulators: Python functions, Pyro models, programs behind a socket.

.. math:: \text{simulator} : (\theta, \text{seed}, i) \mapsto (x, \log r, t)

Each module is imported only when its kind of simulator is wrapped.
"""

__all__: list[str] = []
