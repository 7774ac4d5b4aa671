"""The table is the wire's, samplers draw from the densities, and Python's own rules are the documented ones."""

import copy
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from motherlode.families import FAMILIES, Family, densities

ALPHA = 1e-4 / 12

LAWS = {
    "Normal": ((1.0, 2.0), lambda m, s: stats.norm(m, s)),
    "Uniform": ((-1.0, 3.0), lambda a, b: stats.uniform(a, b - a)),
    "Poisson": ((4.5,), stats.poisson),
    "Bernoulli": ((0.3,), stats.bernoulli),
    "Beta": ((2.0, 0.7), stats.beta),
    "Exponential": ((3.0,), lambda r: stats.expon(scale=1 / r)),
    "Gamma": ((2.5, 4.0), lambda a, r: stats.gamma(a, scale=1 / r)),
    "LogNormal": ((0.3, 0.8), lambda m, s: stats.lognorm(s, scale=np.exp(m))),
    "Binomial": ((12, 0.35), stats.binom),
    "Geometric": ((0.3,), stats.geom),
    "Weibull": ((2.0, 1.7), lambda s, k: stats.weibull_min(k, scale=s)),
}


def test_names_numbers_and_parameters_are_those_of_the_wire(root):
    schema = (root / "protocols/ppx.fbs").read_text()
    union = re.search(r"union Distribution\s*{([^}]*)}", schema).group(1)
    names = re.findall(r"\w+", re.sub(r"//.*", "", union))
    assert [FAMILIES[name].number for name in names] == list(range(1, len(names) + 1))
    for family in map(FAMILIES.__getitem__, names):
        table = re.search(rf"table {family.name}\s*{{([^}}]*)}}", schema).group(1)
        assert tuple(re.findall(r"(\w+)\s*:\s*Tensor", table))[: len(family.parameters)] == family.parameters


def test_each_parameter_has_a_domain_in_words():
    for family in FAMILIES.values():
        assert len(family.domain) == len(family.parameters)
        assert set(family.moving) <= set(family.parameters)


def test_a_family_survives_pickling_as_itself():
    for family in FAMILIES.values():
        assert pickle.loads(pickle.dumps(family)) is family  # noqa: S301
        assert copy.deepcopy(family) is family


def test_a_family_is_read_in_a_process_that_has_not_seen_the_table():
    code = f"import pickle; print(pickle.loads({pickle.dumps(FAMILIES['Geometric'])!r}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "Geometric(probs)"


def test_the_table_needs_neither_torch_nor_scipys_distributions():
    code = "import sys, motherlode.families; print({'torch', 'pyro', 'scipy.stats'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_a_row_without_a_density_or_a_sampler_is_refused():
    with pytest.raises(ValueError, match="no density"):
        Family("Nameless", None, {})
    with pytest.raises(ValueError, match="no sampler"):
        Family("Nameless", None, {}, densities.normal)


@pytest.mark.parametrize("name", LAWS)
def test_samples_follow_the_density(name):
    parameters, law = LAWS[name]
    family = FAMILIES[name]
    values = np.asarray(family.sample(np.random.default_rng(1), *parameters, size=20_000))
    if not family.discrete:
        assert stats.kstest(values, law(*parameters).cdf).pvalue > ALPHA
        return
    found = np.bincount(values.astype(int))
    expected = np.exp(family.log_prob(np.arange(len(found)), *parameters)) * len(values)
    common = expected >= 5
    rest = (found[~common].sum(), len(values) - expected[common].sum())
    observed, wanted = np.append(found[common], rest[0]), np.append(expected[common], rest[1])
    keep = wanted > 1e-9
    assert stats.chisquare(observed[keep], wanted[keep] * observed.sum() / wanted[keep].sum()).pvalue > ALPHA


def test_rules_on_the_stream():
    """A double is (u64 >> 11)·2⁻⁵³; Bernoulli is u < p; Categorical is the first cumulative sum above u·total."""
    raw = np.random.Generator(np.random.Philox(key=5)).bit_generator.random_raw(1000)
    uniform = (raw >> np.uint64(11)) * 2.0**-53

    def stream():
        return np.random.Generator(np.random.Philox(key=5))

    np.testing.assert_array_equal(FAMILIES["Uniform"].sample(stream(), 0.0, 1.0, size=1000), uniform)
    np.testing.assert_array_equal(FAMILIES["Bernoulli"].sample(stream(), 0.3, size=1000), uniform < 0.3)
    weights = np.array([2.0, 0.0, 5.0, 1.0])
    expected = [next(c for c in range(4) if weights[: c + 1].sum() > u * 8.0) for u in uniform]
    np.testing.assert_array_equal(FAMILIES["Categorical"].sample(stream(), weights, size=1000), expected)


@pytest.mark.parametrize("name", [*LAWS, "Categorical"])
def test_shape_follows_the_parameters_or_size(name):
    family = FAMILIES[name]
    parameters = LAWS[name][0] if name in LAWS else (np.array([1.0, 2.0]),)
    rng = np.random.default_rng(2)
    assert np.shape(family.sample(rng, *parameters)) == ()
    assert np.shape(family.sample(rng, *parameters, size=(2, 3))) == (2, 3)
    rows = [np.stack([p, p, p]) if family.vector else np.full(3, p) for p in parameters]
    assert np.shape(family.sample(rng, *rows)) == (3,)
