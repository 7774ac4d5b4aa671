"""A run's generator may be given to libraries: it is a Generator for them, and what they draw is on record."""

import copy
import pickle
import random

import numpy as np
import pytest
from scipy import stats

import motherlode
from motherlode.families import FAMILIES
from motherlode.frontends.errors import GeneratorRefused, NotInstrumented
from motherlode.tracing import SimulatorFailed

networkx = pytest.importorskip("networkx")

LAWS = {
    "norm": lambda t: (t, 1.0 + t),
    "uniform": lambda t: (t, 1.0),
    "beta": lambda t: (1.0 + t, 2.0),
    "expon": lambda t: (0.0, 1.0 + t),
    "gamma": lambda t: (1.0 + t, 0.0, 2.0),
    "lognorm": lambda t: (1.0 + t, 0.0, 1.5),
    "weibull_min": lambda t: (1.0 + t,),
    "gumbel_r": lambda t: (t, 1.5),
    "laplace": lambda t: (t, 1.5),
    "logistic": lambda t: (t, 1.5),
    "cauchy": lambda t: (t, 1.5),
    "t": lambda t: (3.0 + t,),
    "f": lambda t: (3.0, 4.0 + t),
    "ncx2": lambda t: (3.0, 1.0 + t),
    "lomax": lambda t: (2.0 + t,),
    "powerlaw": lambda t: (2.0 + t,),
    "rayleigh": lambda t: (0.0, 1.0 + t),
    "poisson": lambda t: (3.0 + t,),
    "bernoulli": lambda t: (t,),
    "binom": lambda t: (9, t),
    "geom": lambda t: (t,),
    "nbinom": lambda t: (3, t),
    "logser": lambda t: (t,),
    "zipf": lambda t: (2.0 + t,),
}
HERE, THERE = 0.3, 0.4


def mined(function, **options):
    return motherlode.wrap(function, "t", 0.1, 0.9).mine(np.full((60, 1), HERE), [[THERE]], seed=4, **options)


def bare(function, events):
    return [function(np.array([HERE]), motherlode.events.philox_generator(4, int(i))) for i in events.event]


@pytest.mark.parametrize(("name", "frozen"), [*((name, False) for name in LAWS), ("norm", True), ("poisson", True)])
def test_a_law_of_scipy_with_our_random_state_has_its_own_density(name, frozen):
    law, at = getattr(stats, name), LAWS[name]

    def simulator(theta, rng):
        arguments = at(theta[0])
        return law(*arguments).rvs(random_state=rng) if frozen else law.rvs(*arguments, random_state=rng)

    events = mined(simulator)
    log_density = law.logpmf if hasattr(law, "pmf") else law.logpdf
    with np.errstate(divide="ignore"):
        exact = log_density(events.x, *at(HERE)) - log_density(events.x, *at(THERE))
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(events.x, bare(simulator, events))


def test_every_law_of_the_table_is_asked_for_its_own_family():
    others = {"hypergeom", "randint", "ncf", "invgauss", "truncnorm", "vonmises", "triang"}
    assert {f.scipy.name for f in FAMILIES.values() if f.scipy is not None} <= set(LAWS) | others


@pytest.mark.parametrize("size", [1, 3, (2, 2)])
def test_sizes_are_those_of_scipy(size):
    def simulator(theta, rng):
        return stats.norm.rvs(theta[0], 1.0, size=size, random_state=rng)

    events = mined(simulator)
    assert events.x.shape == (60, *np.atleast_1d(size))
    np.testing.assert_array_equal(events.x, bare(simulator, events))


def test_a_location_that_the_family_has_not_moves_the_number():
    def simulator(theta, rng):
        return stats.gamma.rvs(1.0 + theta[0], loc=5.0, scale=2.0, random_state=rng)

    events = mined(simulator)
    exact = stats.gamma.logpdf(events.x, 1.0 + HERE, 5.0, 2.0) - stats.gamma.logpdf(events.x, 1.0 + THERE, 5.0, 2.0)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-9)
    np.testing.assert_array_equal(events.x, bare(simulator, events))


def test_a_location_of_theta_that_the_family_has_not_is_a_leak():
    with pytest.raises(motherlode.LeakError):
        mined(lambda theta, rng: stats.gamma.rvs(2.0, loc=theta[0], random_state=rng))


def test_a_draw_belongs_to_the_line_of_the_program():
    events = mined(lambda theta, rng: stats.norm(theta[0], 1.0).rvs(random_state=rng), traces=True)
    (site,) = events.traces.sites
    assert "test_generator_given_to_libraries.py" in site.address


def test_other_states_of_scipy_are_left_alone():
    """A seed of the program's own gives its own numbers, while events are mined and afterwards."""
    expected = stats.norm.rvs(size=3, random_state=1)
    before = stats.norm.rvs.__func__

    def simulator(theta, rng):
        return [*stats.norm.rvs(size=3, random_state=1), rng.normal(theta[0])]

    np.testing.assert_array_equal(mined(simulator).x[0, :3], expected)
    assert stats.norm.rvs.__func__ is before


def test_a_law_of_scipy_without_theta_needs_no_family():
    def simulator(theta, rng):
        return [stats.skewnorm.rvs(4.0, random_state=rng), rng.normal(theta[0])]

    events = mined(simulator)
    np.testing.assert_array_equal(events.x, bare(simulator, events))


def test_a_joint_law_of_scipy():
    cov = [[1.0, 0.5], [0.5, 1.0]]

    def simulator(theta, rng):
        return stats.multivariate_normal.rvs([theta[0], 0.0], cov, random_state=rng)

    events = mined(simulator)
    exact = stats.multivariate_normal.logpdf(events.x, [HERE, 0], cov)
    exact = exact - stats.multivariate_normal.logpdf(events.x, [THERE, 0], cov)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-9)


def test_a_random_graph_of_networkx():
    def simulator(theta, rng):
        return networkx.gnp_random_graph(6, theta[0], seed=rng).number_of_edges()

    events = mined(simulator)
    exact = stats.binom.logpmf(events.x, 15, HERE) - stats.binom.logpmf(events.x, 15, THERE)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(events.x, bare(simulator, events))


def test_shuffles_and_choices_of_networkx_are_on_record():
    def simulator(theta, rng):
        graph = networkx.random_regular_graph(2, 6, seed=rng)
        return [networkx.number_connected_components(graph), rng.normal(theta[0])]

    events = mined(simulator)
    np.testing.assert_array_equal(events.x, bare(simulator, events))


def test_a_generator_passes_default_rng_and_tests_of_its_type():
    def simulator(theta, rng):
        if not isinstance(rng, np.random.Generator):
            raise TypeError("a Generator is needed")
        return np.random.default_rng(rng).normal(theta[0], 1.0)

    events = mined(simulator)
    exact = stats.norm.logpdf(events.x, HERE) - stats.norm.logpdf(events.x, THERE)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-9)


class MesaModel:
    """Takes a generator as Mesa 3 does: the state of its bit generator is kept, and a Random seeded from it."""

    def __init__(self, seed=None, rng=None):
        self.rng = np.random.default_rng(seed if rng is None else rng)
        self.state = self.rng.bit_generator.state
        self.random = random.Random(int(self.rng.integers(2**31)))


def test_mesa_given_the_generator_says_how():
    with pytest.raises(NotInstrumented, match=r"self.random = self.rng = rng"):
        mined(lambda theta, rng: MesaModel(rng=rng).random.gauss(theta[0], 1.0))


def test_mesa_the_way_that_is_said():
    class Model(MesaModel):
        def __init__(self, p, rng):
            super().__init__(seed=0)
            self.random = self.rng = rng
            self.ill = sum(self.random.random() < p for _ in range(5))

    events = mined(lambda theta, rng: Model(theta[0], rng).ill)
    exact = stats.binom.logpmf(events.x, 5, HERE) - stats.binom.logpmf(events.x, 5, THERE)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-9, atol=1e-9)


class NumbaTyped:
    """Stands for a compiled function: numba looks the class up and then takes the bit generator."""

    def __init__(self, known):
        self.known = known

    def __call__(self, value, mean):
        if isinstance(value, np.random.Generator) and self.known:
            return value.bit_generator.random_raw() * mean
        if isinstance(value, np.random.Generator):
            raise TypeError(f"non-precise type pyobject: cannot determine Numba type of {type(value)}")
        return value + mean


@pytest.mark.parametrize("known", [True, False])
def test_a_compiled_function_given_the_generator_is_refused_by_name(known):
    compiled = NumbaTyped(known)
    with pytest.raises(
        (NotInstrumented, GeneratorRefused), match=r"compiled function.*numba.*rng.random\(n\).*py_func"
    ):
        mined(lambda theta, rng: compiled(rng, theta[0]))


def test_a_compiled_function_given_numbers_works():
    compiled = NumbaTyped(True)
    with pytest.raises(motherlode.LeakError):
        mined(lambda theta, rng: compiled(rng.random(), theta[0]))
    mined(lambda theta, rng: compiled(rng.normal(theta[0]), 0.0))


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda rng: rng.spawn(2), "Pass on rng itself"),
        (lambda rng: copy.deepcopy(rng), "Pass on rng itself"),
        (lambda rng: pickle.dumps(rng), "Pass on rng itself"),
        (lambda rng: rng.bit_generator.random_raw(), "numbers that rng has drawn"),
        (lambda rng: rng.seed(3), "follows from the seed given to mine"),
        (lambda rng: rng.getstate(), "Keep the numbers"),
        (lambda rng: rng.rand(3), "rng.random(size)"),
        (lambda rng: rng.randn(3), "rng.standard_normal(size)"),
        (lambda rng: rng.random_integers(3), "endpoint=True"),
        (lambda rng: rng.dilogarithmic(3), "does not know its density"),
    ],
)
def test_what_a_generator_refuses_is_told_with_what_to_write(use, words):
    with pytest.raises(NotInstrumented) as refused:
        mined(lambda theta, rng: [use(rng), rng.normal(theta[0])])
    assert words in str(refused.value)


def test_a_library_that_wants_another_generator_is_told_by_its_own_words():
    with pytest.raises(SimulatorFailed, match="only supported seed types"):
        mined(lambda theta, rng: random.Random(rng).random())
