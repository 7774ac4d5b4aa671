"""Mine Python functions ``simulator(theta, rng)`` as they are: a generator that shows every draw to the handlers."""

from motherlode.frontends.python.simulator import PythonSimulator

__all__ = ["PythonSimulator"]
