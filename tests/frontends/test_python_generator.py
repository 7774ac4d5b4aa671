import random

import numpy as np
import pytest
from numpy.random import Generator, Philox
from scipy import stats

from motherlode.families import FAMILIES
from motherlode.frontends.errors import NotInstrumented
from motherlode.frontends.python.generator.bare import BareGenerator
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.frontends.wrapping import wrap
from motherlode.tracing import record, replay, seed

COVARIANCE = [[2.0, 0.3, 0.0], [0.3, 1.0, 0.2], [0.0, 0.2, 0.5]]
NUMPY = {
    "random": [(), (5,), ((2, 3),)],
    "uniform": [(), (-1.0, 2.0), (-1.0, 2.0, 4), ([0.0, 1.0], [2.0, 3.0])],
    "normal": [(), (1.0, 2.0), (1.0, 2.0, 5), ([0.0, 1.0], 2.0), ([0.0, 1.0], 2.0, (3, 2))],
    "standard_normal": [(), (4,)],
    "lognormal": [(0.1, 0.5), (0.1, 0.5, 3)],
    "exponential": [(), (2.0,), (2.0, 4), ([1.0, 2.0],)],
    "standard_exponential": [(), (3,)],
    "gamma": [(2.0,), (0.5, 3.0, 4)],
    "standard_gamma": [(0.7,), (0.7, 3)],
    "chisquare": [(3.0,), ([1.0, 2.0],)],
    "noncentral_chisquare": [(3.0, 1.5), (3.0, 1.5, 3)],
    "f": [(3.0, 5.0), (3.0, 5.0, 3)],
    "noncentral_f": [(3.0, 5.0, 1.0)],
    "beta": [(0.5, 2.0), (0.5, 2.0, 3)],
    "weibull": [(1.5,), (1.5, 3)],
    "rayleigh": [(), (2.0, 3)],
    "pareto": [(3.0,), (3.0, 4)],
    "power": [(2.0,), (2.0, 4)],
    "laplace": [(), (1.0, 2.0, 3)],
    "logistic": [(), (1.0, 2.0, 3)],
    "gumbel": [(), (1.0, 2.0, 3)],
    "standard_cauchy": [(), (3,)],
    "standard_t": [(4.0,), (4.0, 3)],
    "triangular": [(0.0, 0.3, 1.0), (0.0, 0.3, 1.0)],
    "vonmises": [(0.5, 2.0), (0.5, 2.0, 3)],
    "wald": [(1.0, 2.0), (1.0, 2.0, 3)],
    "poisson": [(), (3.0,), (3.0, 4), ([1.0, 5.0],)],
    "binomial": [(10, 0.3), (10, 0.3, 4), ([5, 10], 0.5)],
    "negative_binomial": [(3, 0.4), (3, 0.4, 4)],
    "geometric": [(0.3,), (0.3, 4)],
    "hypergeometric": [(5, 4, 3), (5, 4, 3, 4)],
    "logseries": [(0.6,), (0.6, 4)],
    "zipf": [(2.5,), (2.5, 4)],
    "integers": [(5,), (2, 9), (2, 9, 6), ([1, 2], [5, 6]), (10**9,)],
    "choice": [(5,), ([3, 1, 4],), (5, 3), (5, 3, False), (5, None, True, [0.1, 0.2, 0.3, 0.2, 0.2])],
    "multinomial": [(20, [0.2, 0.5, 0.3]), (20, [0.2, 0.5, 0.3], 4)],
    "multivariate_hypergeometric": [([5, 3, 2], 4), ([5, 3, 2], 4, 3)],
    "multivariate_normal": [([1.0, 2.0, 3.0], COVARIANCE), ([1.0, 2.0, 3.0], COVARIANCE, 4)],
    "dirichlet": [([0.5, 1.0, 2.0],), ([0.5, 1.0, 2.0], 4)],
    "permutation": [(6,), ([3, 1, 4, 1],)],
    "permuted": [([3, 1, 4, 1],)],
    "bytes": [(7,)],
}
PYTHON = {
    "gauss": [(), (1.0, 2.0)],
    "normalvariate": [(), (1.0, 2.0)],
    "lognormvariate": [(0.1, 0.5)],
    "expovariate": [(), (2.0,)],
    "gammavariate": [(2.0, 3.0)],
    "betavariate": [(0.5, 2.0)],
    "paretovariate": [(3.0,)],
    "weibullvariate": [(2.0, 1.5)],
    "vonmisesvariate": [(0.5, 2.0)],
    "binomialvariate": [(10, 0.3)],
    "randint": [(1, 6)],
    "randrange": [(10,), (2, 20, 3)],
    "choices": [("abc",), ("abc", [1, 2, 3])],
    "sample": [("abcdef", 3)],
    "randbytes": [(5,)],
    "getrandbits": [(12,), (70,)],
    "triangular": [(), (0.0, 2.0)],
}
CALLS = [(name, arguments) for table in (NUMPY, PYTHON) for name, calls in table.items() for arguments in calls]
IDS = [f"{name}{arguments}" for name, arguments in CALLS]


def stream(key=3):
    return Generator(Philox(key=key))


def plain(value):
    """Use a value as numbers, in a way that is visible."""
    if isinstance(value, (bytes, list, int)):
        return value
    return np.positive(value)


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=IDS)
def test_a_traced_draw_is_the_bare_draw_and_replays(name, arguments):
    def call(generator):
        return plain(getattr(generator, name)(*arguments))

    bare = BareGenerator(Philox(key=3))
    expected = call(bare)
    with seed(stream()) as seeded, record() as recorded:
        found = call(TracedGenerator(seeded.generator))
    np.testing.assert_array_equal(found, expected)
    assert np.shape(found) == np.shape(expected)
    assert seeded.generator.random() == bare.random()
    assert len(recorded.draws) == 1
    assert "test_python_generator.py" in recorded.trace()[0].address
    with seed(stream(99)) as other, replay(recorded.draws):
        again = call(TracedGenerator(other.generator))
    np.testing.assert_array_equal(again, expected)


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=IDS)
def test_every_draw_has_a_finite_density(name, arguments):
    with seed(stream()) as seeded, record() as recorded:
        plain(getattr(TracedGenerator(seeded.generator), name)(*arguments))
    (only,) = recorded.draws
    density = only.family.log_prob(only.value, *only.parameters)
    assert np.all(np.isfinite(density))
    assert np.shape(density) == np.shape(only.value)


DENSITIES = {
    "Geometric": (stats.geom(0.3).logpmf, (0.3,), [1, 4]),
    "NegativeBinomial": (stats.nbinom(3, 0.4).logpmf, (3, 0.4), [0, 5]),
    "Hypergeometric": (stats.hypergeom(9, 5, 3).logpmf, (5, 4, 3), [0, 2]),
    "LogSeries": (stats.logser(0.6).logpmf, (0.6,), [1, 4]),
    "Zipf": (stats.zipf(2.5).logpmf, (2.5,), [1, 4]),
    "Gumbel": (stats.gumbel_r(1, 2).logpdf, (1, 2), [-3.0, 4.0]),
    "Laplace": (stats.laplace(1, 2).logpdf, (1, 2), [-3.0, 4.0]),
    "Logistic": (stats.logistic(1, 2).logpdf, (1, 2), [-3.0, 4.0, 900.0]),
    "Cauchy": (stats.cauchy(1, 2).logpdf, (1, 2), [-3.0, 4.0]),
    "StudentT": (stats.t(4).logpdf, (4,), [-3.0, 4.0]),
    "F": (stats.f(3, 5).logpdf, (3, 5), [0.5, 2.0]),
    "NoncentralChiSquare": (stats.ncx2(3, 1.5).logpdf, (3, 1.5), [0.5, 2.0]),
    "NoncentralF": (stats.ncf(3, 5, 1).logpdf, (3, 5, 1), [0.5, 2.0]),
    "Lomax": (stats.lomax(3).logpdf, (3,), [0.5, 2.0]),
    "Power": (stats.powerlaw(2).logpdf, (2,), [0.5, 0.9]),
    "Rayleigh": (stats.rayleigh(scale=2).logpdf, (2,), [0.5, 3.0]),
    "Triangular": (stats.triang(0.3, 0, 1).logpdf, (0, 0.3, 1), [0.1, 0.3, 0.7]),
    "VonMises": (stats.vonmises(2, 0.5).logpdf, (0.5, 2), [-1.0, 2.0]),
    "Wald": (stats.invgauss(0.5, scale=2).logpdf, (1, 2), [0.5, 2.0]),
    "DiscreteUniform": (stats.randint(2, 9).logpmf, (2, 8), [2, 8]),
}


@pytest.mark.parametrize("name", DENSITIES)
def test_local_families_have_scipys_densities(name):
    density, parameters, values = DENSITIES[name]
    np.testing.assert_allclose(FAMILIES[name].log_prob(values, *parameters), density(values), rtol=1e-10)
    if FAMILIES[name].discrete:
        assert FAMILIES[name].log_prob(values[0] + 0.5, *parameters) == -np.inf


def density_of(draw_):
    with seed(stream()) as seeded, record() as recorded:
        value = draw_(TracedGenerator(seeded.generator))
    return value, recorded.trace().log_prob()[0]


def test_vectors_have_the_density_of_the_whole():
    value, found = density_of(lambda rng: rng.multinomial(20, [0.2, 0.5, 0.3], 4))
    assert found == pytest.approx(stats.multinomial(20, [0.2, 0.5, 0.3]).logpmf(value).sum())
    value, found = density_of(lambda rng: rng.multivariate_normal([1.0, 2.0, 3.0], COVARIANCE, 4))
    assert found == pytest.approx(stats.multivariate_normal([1.0, 2.0, 3.0], COVARIANCE).logpdf(value).sum())
    value, found = density_of(lambda rng: rng.dirichlet([0.5, 1.0, 2.0]))
    assert found == pytest.approx(stats.dirichlet([0.5, 1.0, 2.0]).logpdf(value))
    value, found = density_of(lambda rng: rng.multivariate_hypergeometric([5, 3, 2], 4))
    assert found == pytest.approx(stats.multivariate_hypergeom([5, 3, 2], 4).logpmf(value))


def test_selections_have_the_density_of_the_order():
    _, found = density_of(lambda rng: rng.permutation(5))
    assert found == pytest.approx(-np.log(120))
    _, found = density_of(lambda rng: rng.sample("abcdef", 2))
    assert found == pytest.approx(-np.log(30))
    probs = np.array([0.1, 0.2, 0.3, 0.4])
    value, found = density_of(lambda rng: rng.choice(4, 2, replace=False, p=probs))
    first, second = value
    assert found == pytest.approx(np.log(probs[first]) + np.log(probs[second] / (1 - probs[first])))


def test_choosing_each_once_follows_its_recorded_law():
    generator = stream()
    probs = np.array([0.1, 0.2, 0.3, 0.4])
    pairs = [tuple(generator.choice(4, 2, replace=False, p=probs)) for _ in range(20_000)]
    law = {(i, j): probs[i] * probs[j] / (1 - probs[i]) for i in range(4) for j in range(4) if i != j}
    seen = [pairs.count(pair) for pair in law]
    assert stats.chisquare(seen, 20_000 * np.array(list(law.values()))).pvalue > 1e-4


@pytest.mark.parametrize("sequence", [list("abcdef"), np.arange(6), np.arange(12).reshape(6, 2)])
def test_shuffle_is_numpys_and_replays(sequence):
    expected, found, again = sequence.copy(), sequence.copy(), sequence.copy()
    stream().shuffle(expected)

    def call(seeded, sequence):
        TracedGenerator(seeded.generator).shuffle(sequence)

    with seed(stream()) as seeded, record() as recorded:
        call(seeded, found)
    with seed(stream(5)) as other, replay(recorded.draws):
        call(other, again)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(again, expected)


def test_all_public_methods_are_traced_or_refused_by_name():
    generator = TracedGenerator(stream())
    public = {name for name in dir(Generator) + dir(random.Random) if not name.startswith("_")}
    inherited = {name for name in public if getattr(TracedGenerator, name, None) is getattr(Generator, name, 0)}
    refused = {name for name in public if not hasattr(generator, name)}
    assert inherited == set()
    assert refused == {"bit_generator", "seed", "getstate", "setstate", "VERSION"}
    for name in refused:
        with pytest.raises(NotInstrumented, match=name):
            getattr(generator, name)
    with pytest.raises(NotInstrumented, match="spawn"):
        generator.spawn(2)


def test_a_simulator_may_use_either_interface():
    def simulator(theta, rng):
        return rng.gauss(theta[0], 1.0) + rng.expovariate(2.0) + rng.randint(1, 6) + rng.normal(0.0, 1.0)

    wrapped = wrap(simulator, ("theta",), -1.0, 1.0)
    theta = np.linspace(-0.9, 0.9, 30)[:, None]
    events = wrapped.mine(theta, [[0.3]], seed=4)
    np.testing.assert_array_equal(events.x, wrapped.simulate(theta, seed=4))


def test_a_selection_whose_size_moves_with_theta_diverges():
    from motherlode.tracing import ReplayDiverged

    with pytest.raises(ReplayDiverged):
        wrap(lambda theta, rng: float(rng.permutation(int(10 * theta[0])).sum()), ("theta",), 0.2, 0.9).mine([[0.5]])


def helper(rng):
    return inner_helper(rng)


def inner_helper(rng):
    return rng.normal() + rng.choice(4) + rng.choice([0.1, 0.2], 2, replace=False).sum() + rng.getrandbits(5)


def test_a_draw_belongs_to_the_line_that_calls_the_generator_however_deep():
    with seed(stream()) as seeded, record() as recorded:
        rng = TracedGenerator(seeded.generator)
        helper(rng)
        assert rng.random() < 2.0
        assert np.less(rng.random(), 2.0)
        assert np.all(rng.random(3) < 2.0)
        float(rng.random())
        np.sqrt(rng.random(2))
    functions = [branching.address.split(":")[1] for branching in recorded.trace()]
    assert functions[:4] == ["inner_helper"] * 4
    assert set(functions[4:]) == {"test_a_draw_belongs_to_the_line_that_calls_the_generator_however_deep"}
    assert len(functions) == 9


ORDERS = [
    lambda rng: rng.normal(scale=2.0, loc=1.0, size=3),
    lambda rng: rng.normal(scale=2.0),
    lambda rng: rng.normal(1.0, scale=2.0),
    lambda rng: rng.normal(1.0, size=2),
    lambda rng: rng.gamma(2.0, size=2),
    lambda rng: rng.exponential(size=(2, 2)),
    lambda rng: rng.standard_normal(2),
    lambda rng: rng.binomial(p=0.3, n=5),
    lambda rng: rng.hypergeometric(5, nbad=4, nsample=3),
]


@pytest.mark.parametrize("call", ORDERS)
def test_arguments_may_be_named_or_left_away_as_in_numpy(call):
    with seed(stream()) as seeded, record():
        found = call(TracedGenerator(seeded.generator))
    np.testing.assert_array_equal(found, call(stream()))


MISFITS = [
    lambda rng: rng.binomial(5),
    lambda rng: rng.normal(0.0, 1.0, sigma=2.0),
    lambda rng: rng.normal(0.0, loc=1.0),
    lambda rng: rng.normal(0.0, 1.0, 2, 3),
    lambda rng: rng.normal(0.0, 1.0, 2, size=3),
]


@pytest.mark.parametrize("call", MISFITS)
def test_arguments_that_numpy_refuses_are_refused(call):
    with pytest.raises(TypeError):
        call(stream())
    with seed(stream()) as seeded, record(), pytest.raises(TypeError):
        call(TracedGenerator(seeded.generator))
