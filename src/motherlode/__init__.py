"""Open the black box of a stochastic simulator: joint likelihood ratios and scores, surrogates, inference.

Names are imported when first used (PEP 562), so ``import motherlode`` costs next to nothing and a worker that
runs a plain Python or C++ simulator never pays for torch.
"""

from importlib import import_module
from typing import Any

from motherlode._version import __version__

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
    "posterior": "motherlode.inference",
    "train": "motherlode.training",
    "train_ensemble": "motherlode.training",
    "wrap": "motherlode.frontends.wrapping",
}

ADAPTERS = dict.fromkeys(("torch", "pyro", "zuko"), "motherlode.estimators.laws")
"""The module that reads the distributions of a package which the layer of laws, left of it, may not import."""

__all__ = ["__version__", "losses", *_HOMES]


def __getattr__(name: str) -> Any:
    if name == "losses":
        return import_module("motherlode.losses")
    if name not in _HOMES:
        raise AttributeError(f"module 'motherlode' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
