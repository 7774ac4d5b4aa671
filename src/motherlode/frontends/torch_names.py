"""Know the families of the table by the names that torch, Pyro and pyprob give their parameters."""

__all__ = ["TORCH_NAMES"]

TORCH_NAMES: dict[str, tuple[str, ...]] = {
    "Normal": ("loc", "scale"),
    "Uniform": ("low", "high"),
    "Categorical": ("probs",),
    "Poisson": ("rate",),
    "Bernoulli": ("probs",),
    "Beta": ("concentration1", "concentration0"),
    "Exponential": ("rate",),
    "Gamma": ("concentration", "rate"),
    "LogNormal": ("loc", "scale"),
    "Binomial": ("total_count", "probs"),
    "Weibull": ("scale", "concentration"),
    "VonMises": ("loc", "concentration"),
}
"""Torch's parameter names in the families' order."""
