r"""Mine pyprob models, and lend any simulator to pyprob's inference engines for posteriors over its latents.

.. math:: p(z, \theta \mid x) \propto p(\theta)\, p(z \mid \theta)\, p(x \mid z, \theta)

pyprob (the extra ``motherlode[pyprob]``, Python ≤ 3.11) is imported here and nowhere else.
"""

from motherlode.frontends.pyprob.lending import LatentModel, as_pyprob
from motherlode.frontends.pyprob.simulator import PyprobSimulator

__all__ = ["LatentModel", "PyprobSimulator", "as_pyprob"]
