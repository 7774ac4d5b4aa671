"""Laws of θ from every library, with the distribution functions of their components, or draws by the library itself."""

import pyro.distributions as pyro_distributions
import pyro.distributions.transforms as pyro_transforms
import torch
import zuko
from scipy import stats

D = torch.distributions
COVARIANCE = [[2.0, 0.6], [0.6, 1.0]]
FRESH = 20_000


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


def normal_mixture(weight=0.3):
    weights, centres = D.Categorical(vector(weight, 1.0 - weight)), vector(-2.0, 1.0)
    return D.MixtureSameFamily(weights, D.Normal(centres, vector(0.5, 1.0)))


def drawn(distribution):
    """Return draws by the library itself, for two-sample tests where no closed form is known."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(99)
        return list(distribution.sample((FRESH,)).double().numpy().reshape(FRESH, -1).T)


def zuko_flow():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return zuko.flows.NSF(2, transforms=2, hidden_features=(16,))()


def pyro_flow():
    with torch.random.fork_rng():
        torch.manual_seed(2)
        base = D.Normal(torch.zeros(2), torch.ones(2))
        return pyro_distributions.TransformedDistribution(base, [pyro_transforms.spline(2)])


TRUNCATED = stats.truncnorm(-1.0, 2.0, loc=0.5, scale=0.8)
LOG_NORMAL = stats.lognorm(0.5, scale=1.5)

CASES = {
    "torch LogNormal": (D.LogNormal(vector(0.405465108108164), vector(0.5)), [LOG_NORMAL.cdf]),
    "scipy lognorm": (LOG_NORMAL, [LOG_NORMAL.cdf]),
    "torch Beta": (D.Beta(vector(2.0, 0.7), vector(3.0, 1.0)), [stats.beta(2, 3).cdf, stats.beta(0.7, 1.0).cdf]),
    "pyro Gamma": (pyro_distributions.Gamma(2.0, 3.0), [stats.gamma(2.0, scale=1 / 3).cdf]),
    "scipy truncnorm": (TRUNCATED, [TRUNCATED.cdf]),
    "truncated in YAML": ({"a": {"truncated_normal": [0.5, 0.8, -0.3, 2.1]}}, [TRUNCATED.cdf]),
    "scipy t": (stats.t(4.0, 1.0, 2.0), [stats.t(4.0, 1.0, 2.0).cdf]),
    "torch correlated": (
        D.MultivariateNormal(vector(0.0, 1.0), torch.tensor(COVARIANCE).double()),
        [stats.norm(0.0, 2.0**0.5).cdf, stats.norm(1.0, 1.0).cdf],
    ),
    "scipy correlated": (
        stats.multivariate_normal([0.0, 1.0], COVARIANCE),
        [stats.norm(0.0, 2.0**0.5).cdf, stats.norm(1.0, 1.0).cdf],
    ),
    "mixture": (
        normal_mixture(),
        [lambda t: 0.3 * stats.norm.cdf(t, -2.0, 0.5) + 0.7 * stats.norm.cdf(t, 1.0, 1.0)],
    ),
    "transformed": (
        D.TransformedDistribution(D.Uniform(vector(0.0), vector(1.0)), [D.AffineTransform(2.0, -3.0)]),
        [stats.uniform(-1.0, 3.0).cdf],
    ),
    "zuko flow": (zuko_flow(), drawn(zuko_flow())),
    "pyro flow": (pyro_flow(), drawn(pyro_flow())),
    "of many kinds": (
        {
            "a": [0.0, 2.0],
            ("b", "c"): stats.multivariate_normal([0.0, 1.0], COVARIANCE),
            "d": {"delta": 3.0},
            "e": normal_mixture(),
        },
        [stats.uniform(0.0, 2.0).cdf, stats.norm(0.0, 2.0**0.5).cdf, stats.norm(1.0, 1.0).cdf, None, None],
    ),
}
"""For each law its distribution functions by component, draws instead, or None for a component of another test."""
