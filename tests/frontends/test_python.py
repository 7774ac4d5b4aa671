"""Plain Python functions as simulators: unchanged code, the same x, right addresses, clear refusals."""

import copy
import functools
import math
import pickle
import subprocess
import sys

import cloudpickle
import numpy as np
import pytest

import motherlode
from motherlode.core import ParameterError, Parameters
from motherlode.events import Simulator
from motherlode.families import FAMILIES
from motherlode.frontends.errors import NotInstrumented, NotWrappable, OutputRefused
from motherlode.frontends.wrapping import takes_generator
from motherlode.tracing import SimulatorFailed

HERE = "tests/frontends/test_python.py"
THETA = np.linspace(0.2, 0.8, 60)[:, None]


def normal(theta, rng):
    return rng.normal(theta[0], 1.0)


def wrapped(function, low=0.0, high=1.0):
    return motherlode.wrap(function, "theta", low, high)


def mined(function, alternatives=((0.5,),), **options):
    return wrapped(function).mine(THETA, alternatives, seed=3, traces=True, **options)


def address(function, offset=1):
    return f"{HERE}:{function.__name__}:{function.__code__.co_firstlineno + offset}"


def addresses(function):
    return [branching.address for branching in mined(function).traces[0]]


def test_it_is_a_simulator():
    simulator = wrapped(normal)
    assert isinstance(simulator, Simulator)
    assert simulator.name == "normal"
    assert simulator.parameters == Parameters(("theta",), (0.0,), (1.0,))
    assert "normal" in repr(simulator)


def test_x_as_the_function_returns_it():
    for value, shape in ((1, ()), ([1, 2], (2,)), (np.ones((2, 3)), (2, 3)), (True, ()), ((1.0, [2.0])[0], ())):
        events = wrapped(lambda theta, rng, value=value: value).mine(THETA[:3])
        assert events.x.shape == (3, *shape)
        assert events.x.dtype == np.float64


def test_one_line_one_address():
    def two(theta, rng):
        a = rng.normal(theta[0], 1.0)
        return a + rng.poisson(3.0)

    assert addresses(two) == [address(two, 1).replace("two", "two"), address(two, 2)]


def test_loops_count_repetitions():
    def loop(theta, rng):
        return sum(rng.exponential(theta[0]) for _ in range(3))

    first = addresses(loop)[0]
    assert first.startswith(f"{HERE}:<genexpr>:{loop.__code__.co_firstlineno + 1}")
    assert addresses(loop) == [first, f"{first}[1]", f"{first}[2]"]


COMPARISONS = {
    "u < t": lambda theta, rng: rng.random() < theta[0],
    "t > u": lambda theta, rng: theta[0] > rng.random(),
    "float > u": lambda theta, rng: float(theta[0]) > rng.random(),
    "1-u > t": lambda theta, rng: 1 - rng.random() > theta[0],
    "u*100 < t*100": lambda theta, rng: 100 * rng.random() < 100 * theta[0],
    "np*u < t": lambda theta, rng: np.float64(2.0) * rng.random() < 2 * theta[0],
    "t > np*u": lambda theta, rng: 2 * theta[0] > np.float64(2.0) * rng.random(),
    "array t": lambda theta, rng: bool((rng.random() < theta)[0]),
    "array t left": lambda theta, rng: bool((theta > rng.random())[0]),
    "np.less": lambda theta, rng: np.less(rng.random(), theta[0]),
    "uniform(2, 4)": lambda theta, rng: rng.uniform(2, 4) < 2 + 2 * theta[0],
    "-u > -t": lambda theta, rng: -rng.random() > -theta[0],
    "u/2 <= t/2": lambda theta, rng: rng.random() / 2 <= theta[0] / 2,
    "0 < u < t": lambda theta, rng: 0 < rng.random() < theta[0],
    "min": lambda theta, rng: min(rng.random(), 2.0) < theta[0],
    "any of array": lambda theta, rng: np.sum(np.array([theta[0]]) > rng.random()),
    "deepcopy": lambda theta, rng: copy.deepcopy([rng.random()])[0] < theta[0],
}


@pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS)
def test_every_spelling_of_a_comparison_is_one_bernoulli(compare):
    """log r is that of Bernoulli(θ) or Bernoulli(1-θ), and the address is the simulator's own line."""
    events = mined(lambda theta, rng: float(compare(theta, rng)))
    other = np.where(events.x == 1, THETA[:, 0] / 0.5, (1 - THETA[:, 0]) / 0.5)
    mirrored = np.where(events.x == 0, THETA[:, 0] / 0.5, (1 - THETA[:, 0]) / 0.5)
    ratio = np.exp(events.joint_log_ratio[:, 0])
    assert np.allclose(ratio, other, atol=1e-9) or np.allclose(ratio, mirrored, atol=1e-9)
    assert 10 < events.x.sum() < 50
    for branching in events.traces[0]:
        assert branching.family == "Bernoulli"
        assert branching.address.startswith(f"{HERE}:<lambda>:")


def test_a_numpy_truth_value_stays_one():
    """``~`` and ``+`` mean something else for Python's bool."""

    def logic(theta, rng):
        u, v = rng.random(), rng.random()
        return [float(~(u < theta[0])), float((u < theta[0]) + (v < theta[0])), float(~(v * theta.dtype.type(1) < 0.5))]

    events = mined(logic)
    assert set(events.x.ravel()) == {0.0, 1.0}
    np.testing.assert_array_equal(events.x, wrapped(logic).simulate(THETA, seed=3))


def test_ladder_of_thresholds():
    """if u < p … elif u < p + q … is a categorical draw, and the joint density says so."""

    def ladder(theta, rng):
        u = rng.random()
        if u < 0.5 * theta[0]:
            return 0.0
        if u < 0.5 * theta[0] + 0.3:
            return 1.0
        return 2.0

    events = mined(ladder)
    probs = np.stack([0.5 * THETA[:, 0], np.full(60, 0.3), 0.7 - 0.5 * THETA[:, 0]], axis=1)
    at = np.log(probs[np.arange(60), events.x.astype(int)])
    np.testing.assert_allclose([trace.log_prob()[0] for trace in events.traces], at, atol=1e-12)
    other = np.log([0.25, 0.3, 0.45])[events.x.astype(int)]
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], at - other, atol=1e-12)


def test_a_settled_uniform_has_the_density_that_is_left():
    def left(theta, rng):
        u = rng.random()
        return float(u) if u > 0.25 else -1.0

    for trace, x in zip(*(lambda e: (e.traces, e.x))(mined(left)), strict=True):
        assert [b.family for b in trace] == (["Bernoulli", "Uniform"] if x >= 0 else ["Bernoulli"])
        if x >= 0:
            assert trace[1].parameters == (0.25, 1.0)
            assert trace.log_prob()[0] == pytest.approx(0.0, abs=1e-15)


USES = {
    "log": lambda u: math.log(u),
    "np.log": lambda u: np.log(u),
    "**": lambda u: u**2,
    "r**": lambda u: 2**u,
    "r/": lambda u: 1 / u,
    "//": lambda u: u // 0.3,
    "%": lambda u: u % 0.3,
    "r%": lambda u: 5 % u,
    "divmod": lambda u: divmod(u, 0.3)[1],
    "int": lambda u: int(6 * u),
    "floor": lambda u: math.floor(6 * u),
    "ceil": lambda u: math.ceil(6 * u),
    "trunc": lambda u: math.trunc(6 * u),
    "round": lambda u: round(u, 2),
    "abs": lambda u: abs(u - 0.5),
    "==": lambda u: float(u == 0.5),
    "!=": lambda u: float(u != 0.5),
    "bool": lambda u: float(bool(u)),
    "hash": lambda u: float(len({u, 0.5})),
    "format": lambda u: float(f"{u:.3f}"),
    "str": lambda u: float(str(u)),
    "array": lambda u: np.array([u, 1.0]).sum(),
    "array *": lambda u: (np.arange(3.0) * u).sum(),
    "u*v": lambda u: u * u,
    "returned": lambda u: u,
    "affine": lambda u: (u + 0.1) * 0.3 - 1.7,
    "r-": lambda u: 3 - 2 * u,
    "neg": lambda u: -u,
    "pos": lambda u: +u,
    "method": lambda u: float(u.is_integer()),
    "isnan": lambda u: float(np.isnan(u)),
    "pickle": lambda u: pickle.loads(pickle.dumps(u)),  # noqa: S301
    "sorted": lambda u: sorted([u, 0.5])[0],
    "clip": lambda u: np.clip(u, 0.2, 0.8),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_every_use_as_a_number_settles_to_the_plain_programs_number(use):
    def program(theta, rng):
        return use(rng.random())

    events = mined(program)
    np.testing.assert_array_equal(events.x, wrapped(program).simulate(THETA, seed=3))
    assert not events.joint_log_ratio.any()


def test_a_lazy_uniform_as_an_argument_settles_before_the_draw():
    def nested(theta, rng):
        return rng.normal(rng.uniform(-1, 1), theta[0]) + rng.normal([rng.random(), 1.0], 1.0).sum()

    events = mined(nested)
    assert [b.family for b in events.traces[0]] == ["Uniform", "Normal", "Uniform", "Normal", "Normal"]
    np.testing.assert_array_equal(events.x, wrapped(nested).simulate(THETA, seed=3))


def test_theta_belongs_to_the_simulator():
    def greedy(theta, rng):
        theta *= 2
        return rng.normal(theta[0], 1.0)

    given = THETA.copy()
    events = wrapped(greedy).mine(given, [[0.5]], seed=3, traces=True)
    np.testing.assert_array_equal(given, THETA)
    np.testing.assert_array_equal(events.theta, THETA)
    np.testing.assert_array_equal(events.x, wrapped(greedy).simulate(given, seed=3))
    z = np.array([trace[0].value for trace in events.traces])
    np.testing.assert_allclose(events.joint_score[:, 0], 2 * (z - 2 * THETA[:, 0]), atol=1e-7)


def test_densities_are_in_float64_to_the_tails():
    """Densities are float64 end to end: Bernoulli(1e-12) gives -27.63."""
    events = mined(lambda theta, rng: float(rng.random() < 1 - 1e-12), alternatives=[[0.5]])
    assert events.traces[0].log_prob()[0] == pytest.approx(-1e-12, rel=1e-3)
    assert FAMILIES["Bernoulli"].log_prob(0, 1 - 1e-12) == pytest.approx(math.log(1e-12), abs=1e-4)


def test_what_cannot_be_instrumented_is_refused_by_name():
    with pytest.raises(NotInstrumented, match=r"spawn.*joint likelihood ratio wrong") as raised:
        mined(lambda theta, rng: rng.spawn(2)[0].normal())
    assert raised.value.method == "spawn"


def test_a_simulator_that_always_raises():
    with pytest.raises(SimulatorFailed, match="ZeroDivisionError"):
        mined(lambda theta, rng: 1 / 0)
    report = wrapped(lambda theta, rng: 1 / 0).check(THETA)
    assert not report.ok
    assert "ZeroDivisionError" in " ".join(report.findings)


@pytest.mark.parametrize(
    ("theta", "match"), [([[2.0]], "outside"), ([[np.nan]], "finite"), ([[0.1, 0.2]], "shape"), ([], "N ≥ 1")]
)
def test_bad_theta_never_reaches_the_simulator(theta, match):
    def bomb(theta, rng):
        raise KeyboardInterrupt

    for act in (lambda: wrapped(bomb).mine(theta), lambda: wrapped(bomb).simulate(theta)):
        with pytest.raises(ParameterError, match=match):
            act()
    with pytest.raises(ParameterError):
        wrapped(bomb).mine([[0.5]], [[2.0]])


def test_interrupts_pass():
    def impatient(theta, rng):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wrapped(impatient).mine([[0.5]])


def test_x_that_is_no_number():
    with pytest.raises(OutputRefused, match="text, such as 'heads'"):
        mined(lambda theta, rng: "heads")


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
def test_simulators_travel(pickler):
    simulator = wrapped(normal)
    copied = pickle.loads(pickler.dumps(simulator))  # noqa: S301
    assert copied.version == simulator.version
    assert copied.mine(THETA, [[0.5]], seed=3).same_as(simulator.mine(THETA, [[0.5]], seed=3))


def test_closures_travel_by_cloudpickle():
    width = 2.0
    simulator = wrapped(lambda theta, rng: rng.normal(theta[0], width))
    copied = pickle.loads(cloudpickle.dumps(simulator))  # noqa: S301
    assert copied.mine(THETA, seed=3).same_as(simulator.mine(THETA, seed=3))


class Callable:
    def __call__(self, theta, rng):
        return rng.normal(theta[0], 1.0)


@pytest.mark.parametrize("function", [normal, functools.partial(normal), Callable()], ids=["def", "partial", "object"])
def test_any_callable_has_a_stable_version(function):
    versions = {wrapped(function).version, wrapped(copy.copy(function)).version}
    assert len(versions) == 1


def test_a_version_without_source_is_the_same_in_every_process():
    code = (
        "import motherlode\n"
        "def sim(theta, rng):\n"
        "    def inner(x): return rng.normal(x, {})\n"
        "    return inner(theta[0])\n"
        "print(motherlode.wrap(sim, 'theta', 0, 1).version)"
    )

    def version(width):
        return subprocess.run([sys.executable, "-c", code.format(width)], capture_output=True, check=True).stdout

    assert version(1.0) == version(1.0) != version(2.0)


def test_who_is_wrapped_as_what():
    assert takes_generator(lambda theta, rng: 0)
    assert takes_generator(lambda mass, generator: 0)
    assert takes_generator(lambda theta, source: 0)
    assert not takes_generator(lambda theta: 0)
    assert not takes_generator(lambda mu, sigma: 0)

    def annotated(parameters, noise: np.random.Generator):
        return 0

    assert takes_generator(annotated)


def test_what_is_no_simulator():
    with pytest.raises(NotWrappable, match="cannot be called"):
        motherlode.wrap(3)
    with pytest.raises(NotWrappable, match="is a simulator already"):
        motherlode.wrap(wrapped(normal))


def test_a_sound_simulator_checks_out():
    report = wrapped(normal).check(THETA)
    assert report.ok
    assert "minable" in str(report)
