"""Mine Python functions ``simulator(theta, rng)`` as they are: a generator that shows every draw to the handlers.

Its rooms: ``generator`` (the methods that draw), ``uniforms`` (numbers that wait until the program shows what they are
for), ``tracked`` (numbers at several points, for one pass), ``intercept`` (module-level randomness) and ``provenance``
(the line where θ gets past the draws). Other rooms know a uniform only by the methods that ``uniforms.methods`` gives
and by ``uniforms.delayed``, which settles what waits.
"""

from motherlode.frontends.python.simulator import PythonSimulator

__all__ = ["PythonSimulator"]
