"""Each row says truly how NumPy, random, SciPy, torch, Pyro and C++ call its family."""

import inspect
import random
import re

import numpy as np
import pyro
import pytest
import torch
from numpy.random import Generator, Philox
from scipy import stats

from motherlode.families import FAMILIES, PYRO_FAMILIES, WIRE_FAMILIES
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.tracing import record, seed

ALPHA = 1e-4 / 40
PARAMETERS = {
    "Normal": (1.0, 2.0),
    "Uniform": (-1.0, 3.0),
    "Categorical": (np.array([0.2, 0.5, 0.3]),),
    "Poisson": (3.5,),
    "Bernoulli": (0.3,),
    "Beta": (0.7, 2.0),
    "Exponential": (3.0,),
    "Gamma": (2.5, 4.0),
    "LogNormal": (0.3, 0.8),
    "Binomial": (12, 0.35),
    "Weibull": (2.0, 1.7),
    "Gumbel": (1.0, 2.0),
    "Laplace": (1.0, 2.0),
    "Logistic": (1.0, 2.0),
    "Cauchy": (1.0, 2.0),
    "StudentT": (4.0,),
    "F": (3.0, 5.0),
    "NoncentralChiSquare": (3.0, 1.5),
    "NoncentralF": (3.0, 5.0, 1.0),
    "Lomax": (3.0,),
    "Power": (2.0,),
    "Rayleigh": (2.0,),
    "Triangular": (0.0, 0.25, 1.0),
    "VonMises": (0.5, 2.0),
    "Wald": (1.0, 2.0),
    "Geometric": (0.3,),
    "NegativeBinomial": (3.0, 0.4),
    "Hypergeometric": (5, 4, 3),
    "LogSeries": (0.6,),
    "Zipf": (2.5,),
    "DiscreteUniform": (2, 8),
    "Dirichlet": (np.array([0.5, 1.0, 2.0]),),
    "Arrangement": (6,),
}
SPECIAL = {"permutation": (6,), "sample": (range(6), 3), "chisquare": (3.0,), "standard_gamma": (2.5,)}
NO_ROW = {"bytes", "choice", "multinomial", "multivariate_hypergeometric", "multivariate_normal", "permuted", "shuffle"}
FROM_SCIPY = [name for name, family in FAMILIES.items() if family.scipy is not None]
METHODS = [
    pytest.param(family.name, library, call, id=f"{library}.{call.name}")
    for family in FAMILIES.values()
    for library in ("numpy", "python")
    for call in getattr(family, library)
]


def arguments(name, call):
    if call.name in SPECIAL:
        return SPECIAL[call.name]
    return (
        call.arguments_of(*PARAMETERS[name])
        if call.arguments and call.name != "weibull"
        else (1.7,) * len(call.arguments)
    )


def scipys(name):
    call = FAMILIES[name].scipy
    return getattr(stats, call.name)(**dict(zip(call.arguments, call.arguments_of(*PARAMETERS[name]), strict=True)))


def drawn(name, size=20_000):
    return np.asarray(FAMILIES[name].sample(np.random.default_rng(5), *PARAMETERS[name], size=size))


def test_every_family_has_an_example():
    assert set(PARAMETERS) == set(FAMILIES)


@pytest.mark.parametrize(("name", "library", "call"), METHODS)
def test_a_traced_method_draws_from_its_row(name, library, call):
    given = arguments(name, call)
    with seed(Generator(Philox(key=3))) as seeded, record() as recorded:
        named = dict(zip(call.arguments, given, strict=True)) if call.name == "triangular" else {}
        value = getattr(TracedGenerator(seeded.generator), call.name)(*(() if named else given), **named)
        value = float(value) if call.name in ("random", "uniform") else value
    (only,) = recorded.draws
    assert only.family is FAMILIES[name]
    for found, wanted in zip(only.parameters, call.parameters_of(*given), strict=True):
        np.testing.assert_allclose(found, wanted)
    if call.name != "vonmisesvariate":
        np.testing.assert_allclose(np.asarray(value) + call.offset, np.asarray(only.value), rtol=1e-12)


@pytest.mark.parametrize(("name", "library", "call"), METHODS)
def test_a_method_has_the_arguments_of_its_row(name, library, call):
    owner = np.random.default_rng(0) if library == "numpy" else random.Random(0)
    if not hasattr(owner, call.name):
        pytest.skip(f"{library} of this version has no {call.name}")
    getattr(owner, call.name)(**dict(zip(call.arguments, arguments(name, call), strict=True)))


def test_every_distribution_of_numpy_is_in_a_row():
    methods = {name for name, _ in inspect.getmembers(Generator, callable) if not name.startswith("_")}
    rows = {call.name for family in FAMILIES.values() for call in family.numpy}
    assert rows | NO_ROW | {"spawn"} == methods


@pytest.mark.parametrize("name", FROM_SCIPY)
def test_the_density_is_scipys(name):
    family, law = FAMILIES[name], scipys(name)
    values = np.unique(drawn(name, 50))
    log_density = law.logpmf if family.discrete else law.logpdf
    np.testing.assert_allclose(family.log_prob(values, *PARAMETERS[name]), log_density(values), rtol=1e-10)


@pytest.mark.parametrize("name", FROM_SCIPY)
def test_samples_follow_scipys_law(name):
    law, values = scipys(name), drawn(name)
    if not FAMILIES[name].discrete:
        assert stats.kstest(values, law.cdf).pvalue > ALPHA
        return
    support = np.arange(values.max() + 1)
    expected = law.pmf(support) * len(values)
    found = np.bincount(values.astype(int))
    common = expected >= 5
    rest = [found[~common].sum()], [len(values) - expected[common].sum()]
    observed, wanted = np.append(found[common], rest[0]), np.append(expected[common], rest[1])
    keep = wanted > 1e-6
    assert stats.chisquare(observed[keep], wanted[keep] * observed[keep].sum() / wanted[keep].sum()).pvalue > ALPHA


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_drawn_is_possible(name):
    size = (3, 2) if name == "Arrangement" else (3,)
    value = np.asarray(FAMILIES[name].sample(np.random.default_rng(1), *PARAMETERS[name], size=size))
    assert value.shape[: len(size)] == size
    assert np.isfinite(FAMILIES[name].log_prob(value, *PARAMETERS[name])).all()


@pytest.mark.parametrize("name", PYRO_FAMILIES)
def test_the_distribution_of_pyro_has_our_density(name):
    family, call = PYRO_FAMILIES[name]
    parameters = PARAMETERS[family.name]
    given = [torch.as_tensor(np.asarray(one, float)) for one in call.arguments_of(*parameters)]
    law = getattr(pyro.distributions, name)(**dict(zip(call.arguments, given, strict=True)))
    values = np.unique(drawn(family.name, 50)).astype(float)
    found = law.log_prob(torch.as_tensor(values - call.offset)).numpy()
    np.testing.assert_allclose(found, family.log_prob(values, *parameters), rtol=1e-6, atol=1e-9)
    read = call.parameters_of(*[getattr(law, argument) for argument in call.arguments])
    for ours, theirs in zip(parameters, read, strict=True):
        np.testing.assert_allclose(np.asarray(theirs), ours, rtol=1e-12)


@pytest.mark.parametrize(
    ("family", "call"),
    [
        pytest.param(family.name, call, id=f"{family.name}.{call.name}")
        for family in FAMILIES.values()
        for call in (*family.numpy, *family.python, family.scipy, family.pyro)
        if call is not None and call.to_arguments is not None
    ],
)
def test_a_map_and_its_inverse_agree(family, call):
    read = call.parameters_of(*call.arguments_of(*PARAMETERS[family]))
    for ours, there in zip(PARAMETERS[family], read, strict=True):
        np.testing.assert_allclose(there, ours, rtol=1e-12)


STRUCT = re.compile(
    r"struct (?P<struct>\w+) \{\n"
    r'  static constexpr FamilyId id\{(?P<number>\d+), "(?P<name>\w+)"\};\n'
    r".*\n"
    r"  (?:std::vector<Real>|Real) (?P<parameters>[\w, ]+);"
)


def test_cpp_has_the_numbers_names_and_parameters_of_the_wire(root):
    headers = [path.read_text() for path in (root / "src/cpp/include/motherlode").rglob("*.hpp")]
    structs = [match for text in headers for match in STRUCT.finditer(text)]
    assert {(int(s["number"]), s["struct"], s["name"], tuple(s["parameters"].split(", "))) for s in structs} == {
        (family.number, family.name, family.name, family.parameters) for family in WIRE_FAMILIES
    }
    assert len(structs) == sum(text.count("static constexpr FamilyId id{") for text in headers)
