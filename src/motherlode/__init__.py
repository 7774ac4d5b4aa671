"""Open the black box of a stochastic simulator: joint likelihood ratios and scores, surrogates, inference.

Names are imported when first used (PEP 562), so ``import motherlode`` costs next to nothing and a worker that
runs a plain Python or C++ simulator never pays for torch. Type checkers see all of them at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from motherlode._version import __version__

if TYPE_CHECKING:
    from motherlode import losses as losses
    from motherlode.campaign import Campaign as Campaign
    from motherlode.campaign import Proposal as Proposal
    from motherlode.core import MotherlodeError as MotherlodeError
    from motherlode.core import Parameters as Parameters
    from motherlode.estimators import Ensemble as Ensemble
    from motherlode.estimators import LikelihoodEstimator as LikelihoodEstimator
    from motherlode.estimators import PosteriorEstimator as PosteriorEstimator
    from motherlode.estimators import RatioEstimator as RatioEstimator
    from motherlode.estimators import ScoreEstimator as ScoreEstimator
    from motherlode.estimators import load as load
    from motherlode.events import Events as Events
    from motherlode.frontends.pyro import mining as mining
    from motherlode.frontends.python.intercept.interception import intercept as intercept
    from motherlode.frontends.remote import connect as connect
    from motherlode.frontends.remote import launch as launch
    from motherlode.frontends.wrapping import wrap as wrap
    from motherlode.inference import limits as limits
    from motherlode.inference.posterior import posterior as posterior
    from motherlode.laws import Law as Law
    from motherlode.store import EventStore as EventStore
    from motherlode.tracing import LeakError as LeakError
    from motherlode.training import train_ensemble as train_ensemble
    from motherlode.training.train import train as train

_HOMES = {
    "Campaign": "motherlode.campaign",
    "Ensemble": "motherlode.estimators",
    "EventStore": "motherlode.store",
    "Events": "motherlode.events",
    "Law": "motherlode.laws",
    "LeakError": "motherlode.tracing",
    "MotherlodeError": "motherlode.core",
    "LikelihoodEstimator": "motherlode.estimators",
    "Parameters": "motherlode.core",
    "PosteriorEstimator": "motherlode.estimators",
    "Proposal": "motherlode.campaign",
    "RatioEstimator": "motherlode.estimators",
    "ScoreEstimator": "motherlode.estimators",
    "connect": "motherlode.frontends.remote",
    "intercept": "motherlode.frontends.python.intercept.interception",
    "launch": "motherlode.frontends.remote",
    "limits": "motherlode.inference",
    "load": "motherlode.estimators",
    "mining": "motherlode.frontends.pyro",
    "posterior": "motherlode.inference.posterior",
    "train": "motherlode.training.train",
    "train_ensemble": "motherlode.training",
    "wrap": "motherlode.frontends.wrapping",
}

ADAPTERS = dict.fromkeys(("torch", "pyro", "zuko"), "motherlode.estimators.laws")
"""The module that reads the distributions of a package which the layer of laws, left of it, may not import."""

__all__ = ["__version__", "losses", *_HOMES]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "losses":
            return import_module("motherlode.losses")
        if name not in _HOMES:
            raise AttributeError(f"module 'motherlode' has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
