"""A uniform is a real number: the mined program is the bare one to the bit, and its gold exact or refused."""

import math

import numpy as np
import pytest
from scipy import stats
from zoo_of_uniforms import ARRAYS, GOLD, NUMBERS, REFUSED, P, Q

from motherlode.core import philox_generator
from motherlode.families import FAMILIES
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.frontends.python.uniforms.scalar import LinkedFloat
from motherlode.frontends.wrapping import wrap
from motherlode.gold.guards.errors import NotTheProgram
from motherlode.tracing import LeakError, NumberUsed, condition, draw, intern, record, seed

THETA = np.full((150, 1), P)


def mined(program, **options):
    return wrap(program, ("p",), 0.1, 0.9).mine(THETA, [[Q]], seed=3, **options)


def bare(program):
    return np.array(
        [np.array(program(np.array([P]), philox_generator(3, event)), float) for event in range(len(THETA))]
    )


@pytest.mark.parametrize("name", GOLD)
def test_comparisons_have_exact_gold_and_the_bare_programs_x(name):
    program, log_r = GOLD[name]
    events = mined(program)
    assert not events.failures
    np.testing.assert_array_equal(events.x, bare(program))
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], log_r(events.x), rtol=1e-9, atol=1e-9)


def neutral(use, size):
    def program(theta, rng):
        used = use(rng.random(size))
        return [*np.ravel(used), rng.normal(theta[0])]

    return program


@pytest.mark.parametrize(("use", "size"), [*((f, 4) for f in ARRAYS.values()), *((f, None) for f in NUMBERS.values())],
                         ids=[*ARRAYS, *NUMBERS])  # fmt: skip
def test_uses_as_a_number_see_the_number(use, size):
    program = neutral(use, size)
    events = mined(program)
    assert not events.failures
    np.testing.assert_array_equal(events.x, bare(program))
    z = events.x[:, -1]
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], ((z - Q) ** 2 - (z - P) ** 2) / 2, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", REFUSED)
def test_theta_met_by_a_number_is_a_leak(name):
    with pytest.raises(LeakError):
        mined(REFUSED[name])


IMPOSSIBLE = {
    "choice": lambda t, rng: rng.choice(int(t) + 2, 2, replace=False).max(),
    "choice of a list": lambda t, rng: rng.choice(np.arange(int(t) + 2), 2, replace=False).max(),
    "more than there are": lambda t, rng: rng.choice(int(t) + 1, 2, replace=False).sum(),
    "one of a list": lambda t, rng: rng.choice(list(range(int(t) + 1))),
    "index of the user's own": lambda t, rng: list(range(int(t) + 1))[rng.integers(int(t) + 1)],
    "randrange": lambda t, rng: rng.randrange(0, 2 * int(t), 2),
    "sample": lambda t, rng: rng.sample(range(int(t) + 1), 1)[0],
    "randint": lambda t, rng: rng.randint(1, int(t) + 1),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_an_alternative_cannot_choose_is_impossible_there(name):
    def program(theta, rng):
        return [IMPOSSIBLE[name](theta[0], rng), rng.normal()]

    events = wrap(program, "p", 1.0, 9.0).mine(np.full((200, 1), 5.2), [[4.1]], seed=3)
    assert not events.failures
    log_r = events.joint_log_ratio[:, 0]
    impossible = np.isposinf(log_r)
    assert 0 < impossible.sum() < 200
    assert len(set(np.round(log_r[~impossible], 12))) == 1
    assert abs(np.exp(-log_r).mean() - 1) < 0.3


def drawn_with(answers, call):
    with record() as recorded, condition(answers), seed(philox_generator(5, 0)) as seeded:
        call(TracedGenerator(seeded.generator))
    return recorded.trace()


def test_joint_draws_are_scored_by_the_value_that_handlers_answer():
    mean, covariance, value = [0.0, 0.0], [[1.0, 0.9], [0.9, 1.0]], np.array([0.5, 0.2])

    def call(rng):
        rng.multivariate_normal(mean, covariance)

    address = drawn_with({}, call)[0].address
    trace = drawn_with({address: value}, call)
    np.testing.assert_array_equal(trace[0].value, value)
    assert trace.log_prob()[0] == pytest.approx(stats.multivariate_normal(mean, covariance).logpdf(value))


def test_occurrences_count_for_each_family_of_a_line():
    site = intern("line")
    with record() as recorded, seed(philox_generator(1, 0)):
        for family, parameters in (("Bernoulli", (0.5,)), ("Uniform", (0.0, 1.0)), ("Bernoulli", (0.5,))):
            draw(site, FAMILIES[family], parameters)
    assert [branching.address for branching in recorded.trace()] == ["line", "line", "line[1]"]


def seldom(theta, rng):
    """C code sees the number after a comparison, in few events."""
    u, rare = rng.random(), rng.random() < 0.08
    return [math.sqrt(u) if u < theta[0] and rare else 0.0, rng.normal(theta[0])]


def test_a_use_that_no_method_sees_is_found_and_its_events_mined_again():
    events = mined(seldom, traces=True)
    np.testing.assert_array_equal(events.x, bare(seldom))
    used = events.x[:, 0] > 0
    assert 0 < used.sum() < 20
    assert np.isnan(events.joint_score[used]).all()
    families = [[branching.family for branching in trace] for trace in events.traces]
    assert all(("Uniform" in names) for names, is_used in zip(families, used, strict=True) if is_used)


def test_without_the_redraw_its_gold_would_be_wrong(monkeypatch):
    monkeypatch.setattr("motherlode.frontends.python.simulator.find_uses", lambda *arguments, **options: frozenset())
    assert not np.isnan(mined(seldom).joint_score).any()


def test_a_use_that_is_found_late_condemns():
    def late(theta, rng):
        u, rare = rng.random(), rng.random() < 0.002
        return math.sqrt(u) if u < theta[0] and rare else 0.0

    simulator = wrap(late, ("p",), 0.1, 0.9)
    simulator.mine(THETA[:3], [[Q]], seed=3)
    with pytest.raises(NumberUsed, match="used as a number after it was compared"):
        simulator.mine(np.full((999, 1), 0.9), [[Q]], seed=3)


def test_a_program_that_asks_for_the_exact_class_is_not_the_one_mined():
    with pytest.raises(NotTheProgram):
        mined(lambda theta, rng: [float(type(rng.random()) is float), rng.normal(theta[0])])


def test_a_broken_stand_in_is_noticed(monkeypatch):
    monkeypatch.setattr(LinkedFloat, "__mul__", lambda self, other: 0.5)
    with pytest.raises(NotTheProgram):
        mined(lambda theta, rng: [rng.random() * 2.0, rng.normal(theta[0])])
