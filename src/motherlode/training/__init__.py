r"""Train an estimator on events: one loop in plain torch, from the first check to the best weights.

.. math:: w_{n+1} = w_n - η_n \nabla_w \frac1B \sum_{i \in B_n} \text{loss}(q_w; x_i, θ_i, \ldots)
"""

from motherlode.training.calibrate import calibrate
from motherlode.training.ensembles import train_ensemble
from motherlode.training.options import TrainingOptions
from motherlode.training.train import train

__all__ = ["TrainingOptions", "calibrate", "train", "train_ensemble"]
