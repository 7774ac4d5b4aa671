"""What people write and cannot be mined as it is: each is told its line, its cause and what to write instead."""

import functools
import math
import random
from random import gauss

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from scipy import stats

import motherlode
from motherlode.frontends.errors import NotWrappable, OutputRefused
from motherlode.tracing import HiddenRandomness, LeakError, SimulatorFailed

THETA, ALTERNATIVES = np.full((8, 1), 0.2), [[0.5]]
EXPONENTIAL, ACCEPT = "`rng.exponential(1 / rate)` instead of", "`rng.random() < exp(dE)` instead of"


def wrapped(function):
    return motherlode.wrap(function, "mu", 0.1, 1.0)


def by_numpy(theta, rng):
    return -np.log(rng.random()) / theta[0]


def by_math(theta, rng):
    return -math.log(rng.random()) / theta[0]


def complement(theta, rng):
    return -math.log(1 - rng.random()) / theta[0]


def log1p(theta, rng):
    return -np.log1p(-rng.random()) / theta[0]


def named_uniform(theta, rng):
    u = rng.uniform()
    t = -np.log(u) / theta[0]
    return t + rng.normal()


def named_complement(theta, rng):
    u = 1.0 - rng.random()
    return math.log(u) / -theta[0]


def by_mean(theta, rng):
    mean = 1.0 / theta[0]
    return -np.log(rng.random()) * mean


def array(theta, rng):
    return (-np.log(rng.random(3)) / theta[0]).sum()


def until(theta, rng):
    t, n = 0.0, 0
    while True:
        t += -math.log(rng.random()) / (2.0 * theta[0])
        if t > 3.0:
            return n
        n += 1


def down(theta, rng):
    left, n = 3.0, 0
    while left > 0:
        wait = -np.log(1.0 - rng.random())
        left -= wait / theta[0]
        n += 1
    return n


def gillespie(theta, rng):
    x, t = 5, 0.0
    while x > 0:
        rate = theta[0] * x
        u = rng.random()
        t = t - math.log(u) / rate
        if t > 2.0:
            break
        x -= 1
    return x


WAITS = [
    by_numpy,
    by_math,
    complement,
    log1p,
    named_uniform,
    named_complement,
    by_mean,
    array,
    until,
    down,
    gillespie,
]


@pytest.mark.parametrize("function", WAITS)
def test_a_waiting_time_made_by_hand_is_told_with_its_line(function):
    report = wrapped(function).check(THETA, ALTERNATIVES)
    assert not report.ok
    finding = report.findings[0]
    assert "waiting time that is made by hand" in finding
    assert f"({function.__name__})" in finding
    assert "/" in finding.splitlines()[1] or "log" in finding.splitlines()[1]
    assert EXPONENTIAL in finding


@pytest.mark.parametrize("function", WAITS)
def test_mining_a_waiting_time_made_by_hand_names_the_draw(function):
    with pytest.raises(LeakError, match=r"rng.exponential\(1 ?/"):
        wrapped(function).mine(THETA, ALTERNATIVES)


def metropolis(theta, rng):
    x = 0.0
    for _ in range(5):
        y = x + rng.normal()
        if math.log(rng.random()) < -theta[0] * (y * y - x * x):
            x = y
    return x


def metropolis_numpy(theta, rng):
    x = 0.0
    for _ in range(5):
        y = x + rng.normal()
        if np.log(rng.uniform()) < -theta[0] * (y * y - x * x):
            x = y
    return x


def ising(theta, rng):
    spins = [1, 1, 1, 1]
    for i in range(12):
        gain = -2.0 * theta[0] * spins[i % 4] * (spins[i % 4 - 1] + spins[(i + 1) % 4])
        u = rng.random()
        if gain > math.log(u):
            spins[i % 4] *= -1
    return sum(spins)


def named_logarithm(theta, rng):
    level = math.log(rng.random())
    threshold = -3 * theta[0]
    return 1.0 if level < threshold else 0.0


@pytest.mark.parametrize("function", [metropolis, metropolis_numpy, ising, named_logarithm])
def test_an_acceptance_on_the_logarithm_is_told_with_its_line(function):
    report = wrapped(function).check(THETA, ALTERNATIVES)
    assert not report.ok
    assert "decides on the logarithm of a uniform" in report.findings[0]
    assert f"({function.__name__})" in report.findings[0]
    assert ACCEPT in report.findings[0]
    with pytest.raises(LeakError) as leak:
        wrapped(function).mine(THETA.repeat(20, axis=0), ALTERNATIVES)
    assert ACCEPT in str(leak.value)


def test_the_remedies_can_be_mined():
    def accepted(theta, rng):
        x = 0.0
        for _ in range(5):
            y = x + rng.normal()
            if rng.random() < math.exp(-theta[0] * (y * y - x * x)):
                x = y
        return x

    assert wrapped(accepted).check(THETA, ALTERNATIVES).ok
    assert wrapped(lambda theta, rng: rng.exponential(1 / theta[0])).check(THETA, ALTERNATIVES).ok


def test_a_geometric_number_made_by_hand():
    def trials(theta, rng):
        return math.ceil(math.log(rng.random()) / math.log(1.0 - theta[0] / 2))

    assert "`rng.geometric(p)`" in wrapped(trials).check(THETA, ALTERNATIVES).findings[0]


def test_a_logarithm_that_theta_does_not_meet_is_not_to_blame():
    def other(theta, rng):
        noise = -math.log(rng.random()) / 2.0
        return noise + theta[0]

    def box_muller(theta, rng):
        z = math.sqrt(-2.0 * math.log(rng.random())) * math.cos(2.0 * math.pi * rng.random())
        return theta[0] + z

    for function in (other, box_muller):
        assert "rng.normal(theta, 1.0)" in wrapped(function).check(THETA, ALTERNATIVES).findings[0]


def helper(mean):
    return random.gauss(mean, 1.0)


class Walker:
    def __call__(self, theta):
        return random.random() * theta[0]

    def run(self, theta):
        return np.random.rand() * theta[0]  # noqa: NPY002


def local_import(theta):
    import random as r

    return r.gauss(theta[0], 1.0)


WITHOUT = {
    "random": (lambda theta: random.gauss(theta[0], 1.0), 'intercept("random")'),
    "from_random": (lambda theta: gauss(theta[0], 1.0), 'intercept("random")'),
    "numpy_random": (lambda theta: np.random.normal(theta[0], 1.0), 'intercept("numpy.random")'),  # noqa: NPY002
    "default_rng": (lambda theta: np.random.default_rng().normal(theta[0]), 'intercept("numpy.random")'),
    "scipy": (lambda theta: stats.norm.rvs(theta[0]), 'intercept("scipy.stats")'),
    "in_a_helper": (lambda theta: helper(theta[0]), 'intercept("random")'),
    "in_an_object": (Walker(), 'intercept("random")(Walker)'),
    "in_a_method": (Walker().run, 'intercept("numpy.random")(run)'),
    "imported_inside": (local_import, 'intercept("random")(local_import)'),
    "in_a_comprehension": (lambda theta: [random.random() < theta[0] for _ in range(3)], 'intercept("random")'),
    "no_argument": (lambda: random.random(), "second argument `rng`"),
    "partial": (functools.partial(lambda mean, theta: random.gauss(mean, theta[0]), 1.0), 'intercept("random")'),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_a_function_of_theta_alone_that_draws_from_modules_is_sent_to_intercept(name):
    function, words = WITHOUT[name]
    with pytest.raises(NotWrappable) as refused:
        wrapped(function)
    assert words in str(refused.value)
    assert "takes no generator" in str(refused.value)


def test_the_way_that_is_said_works():
    function = motherlode.intercept("random")(lambda theta: random.gauss(theta[0], 1.0))
    assert wrapped(function).check(THETA, ALTERNATIVES).ok


@pytest.mark.parametrize(
    "function",
    [
        lambda t, g: g.normal(t[0]),
        lambda params, source: source.normal(params[0]),
        lambda p, r: r.gauss(p[0], 1.0),
        lambda mu, g: g.normal(mu[0]),
        lambda theta, gen: gen.normal(theta[0]),
    ],
)
def test_names_of_arguments_are_free(function):
    events = wrapped(function).mine(THETA, ALTERNATIVES)
    exact = stats.norm.logpdf(events.x, 0.2) - stats.norm.logpdf(events.x, 0.5)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-9)


def model_of_two(mu, sigma):
    return pyro.sample("x", dist.Normal(mu, sigma))


def test_a_model_of_named_parameters_is_still_one():
    events = motherlode.wrap(model_of_two, ("mu", "sigma"), [0.1, 0.1], [1.0, 1.0]).mine([[0.2, 0.5]], [[0.3, 0.5]])
    exact = stats.norm.logpdf(events.x, 0.2, 0.5) - stats.norm.logpdf(events.x, 0.3, 0.5)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact.reshape(-1))


def keyword_only(theta, *, rng):
    return rng.normal(theta[0])


CALLS = {
    "generator_first": (lambda rng, theta: rng.normal(theta[0]), "takes the generator first", "Exchange them"),
    "three": (lambda theta, n, rng: rng.normal(theta[0], 1.0, n), "missing a required argument", "functools.partial"),
    "keyword_only": (keyword_only, "keyword_only(theta, rng)", "rng=rng"),
    "three_unknown": (
        lambda theta, a, b: theta[0],
        "neither function(theta, rng) nor a Pyro model",
        "functools.partial",
    ),
    "model_with_data": (lambda mu, data: pyro.sample("x", dist.Normal(mu, data)), "neither", "functools.partial"),
    "number": (3.0, "cannot be called", "function(theta, rng)"),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_cannot_be_called_is_told_before_the_first_event(name):
    function, *words = CALLS[name]
    with pytest.raises(NotWrappable) as refused:
        wrapped(function)
    assert [word for word in words if word not in str(refused.value)] == [], str(refused.value)


def test_a_partial_that_is_told_works():
    def sums(n, theta, rng):
        return rng.normal(theta[0], 1.0, n).sum()

    assert wrapped(functools.partial(sums, 3)).check(THETA, ALTERNATIVES).ok


MODELS = {
    "rand": lambda theta: torch.rand(()) + pyro.sample("x", dist.Normal(theta[..., 0], 1.0)),
    "randn": lambda theta: theta[..., 0] + torch.randn(()),
    "normal": lambda theta: torch.normal(theta, 1.0),
    "numpy": lambda theta: pyro.sample("x", dist.Normal(theta[..., 0], 1.0)) + np.random.normal(),  # noqa: NPY002
    "undeclared": lambda theta: dist.Normal(theta[..., 0], 1.0).sample(),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_draws_past_pyro_is_told_of_its_sites(name):
    with pytest.raises(HiddenRandomness, match=r"in a Pyro model from pyro.sample.*torch.rand"):
        wrapped(MODELS[name]).mine(THETA, ALTERNATIVES)


def nothing(theta):
    pyro.sample("x", dist.Normal(theta[..., 0], 1.0))


OUTPUTS = {
    "nothing": (nothing, "`return` is missing", "obs="),
    "dict": (lambda theta: {"x": pyro.sample("x", dist.Normal(theta[..., 0], 1.0))}, "dict with the keys x", "array"),
    "text": (lambda theta: str(pyro.sample("x", dist.Normal(theta[..., 0], 1.0))), "text", "numbers"),
    "complex": (lambda theta: 1j * pyro.sample("x", dist.Normal(theta[..., 0], 1.0)), "imaginary part", "x.real"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_what_a_model_returns_is_an_array_of_numbers(name):
    model, *words = OUTPUTS[name]
    with pytest.raises(OutputRefused) as refused:
        wrapped(model).mine(THETA, ALTERNATIVES)
    assert [word for word in words if word not in str(refused.value)] == [], str(refused.value)


def misspelled(theta, rng):
    return rng.normal(tehta[0])  # noqa: F821


MISTAKES = {
    "name": (misspelled, "NameError"),
    "type": (lambda theta, rng: rng.normal(theta["mu"]), "IndexError"),
    "index": (lambda theta, rng: rng.normal(theta[1]), "IndexError"),
    "key": (lambda theta, rng: {}["a"], "KeyError"),
    "attribute": (lambda theta, rng: theta.mu, "AttributeError"),
    "module": (lambda theta, rng: __import__("no_such_module"), "ModuleNotFoundError"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_program_is_not_told_as_one_of_the_bounds(name):
    function, cause = MISTAKES[name]
    with pytest.raises(SimulatorFailed) as failed:
        wrapped(function).mine(THETA, ALTERNATIVES)
    assert cause in str(failed.value)
    assert "an error in the program" in str(failed.value)
    assert "move the bounds" not in str(failed.value)
