r"""Losses as pure functions ``loss(estimator, batch)``, each minimal at the exact quantity.

.. math:: \arg\min_{\hat r} \mathbb E\,[\text{loss}] = p(x|θ_0)/p(x|θ_1)

Every loss has ``.columns``, the fields of the batch that it reads. Those with a score term take
``.with_alpha(number)`` where the automatic weight does not suit.

Examples
--------
>>> from motherlode import losses
>>> losses.alices.columns
('theta0', 'theta1', 'x', 'y', 'joint_log_ratio', 'joint_score')
>>> losses.alices.with_alpha(3.0).alpha
3.0
"""

from motherlode.losses.contrastive import gold_contrastive, gold_contrastive_score, nre, nre_c, nre_contrastive
from motherlode.losses.densities import nle, npe, rascandal, sally, scandal, scandal_whitened, score_matched_posterior
from motherlode.losses.loss import Loss, loss_function
from motherlode.losses.pairs import alice, alices, carl, cascal, rascal, rolr

__all__ = [
    "Loss",
    "alice",
    "alices",
    "carl",
    "cascal",
    "gold_contrastive",
    "gold_contrastive_score",
    "loss_function",
    "nle",
    "npe",
    "nre",
    "nre_c",
    "nre_contrastive",
    "rascal",
    "rascandal",
    "rolr",
    "sally",
    "scandal",
    "scandal_whitened",
    "score_matched_posterior",
]
