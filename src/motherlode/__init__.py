"""Open the black box of a stochastic simulator: joint likelihood ratios and scores, surrogates, inference.

Names are imported when first used (PEP 562), so ``import motherlode`` costs next to nothing and a worker that
runs a plain Python or C++ simulator never pays for torch.
"""

from importlib import import_module
from typing import Any

from motherlode._version import __version__

_HOMES = {
    "Campaign": "motherlode.campaign",
    "Ensemble": "motherlode.surrogates",
    "EventStore": "motherlode.events",
    "Events": "motherlode.events",
    "LeakError": "motherlode.tracing",
    "MotherlodeError": "motherlode.core",
    "LikelihoodEstimator": "motherlode.surrogates",
    "Parameters": "motherlode.events",
    "PosteriorEstimator": "motherlode.surrogates",
    "Proposal": "motherlode.campaign",
    "RatioEstimator": "motherlode.surrogates",
    "ScoreEstimator": "motherlode.surrogates",
    "connect": "motherlode.frontends.remote",
    "intercept": "motherlode.frontends.interception",
    "launch": "motherlode.frontends.remote",
    "limits": "motherlode.inference",
    "load": "motherlode.surrogates",
    "losses": "motherlode.surrogates",
    "mining": "motherlode.frontends.pyro",
    "posterior": "motherlode.inference",
    "train": "motherlode.surrogates",
    "train_ensemble": "motherlode.surrogates",
    "wrap": "motherlode.frontends.wrapping",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'motherlode' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
