r"""Draw from a posterior by Markov chains, many of them in one batched evaluation.

.. math:: H(θ, p) = -\log p(θ|x) + ½\, p^\top M^{-1} p
"""

from motherlode.inference.mcmc.batched import BATCHED, run_batched
from motherlode.inference.mcmc.many_chains import ManyChains
from motherlode.inference.mcmc.pyro_kernels import KERNELS, run_pyro

__all__ = ["BATCHED", "KERNELS", "ManyChains", "run_batched", "run_pyro"]
