"""pyprob models are mined unchanged, and simulators of ours become models for pyprob's engines.

These tests run where pyprob is installed: ``tools/test_pyprob.sh``.
"""

import inspect
import threading

import numpy as np
import pytest
from scipy import stats

import motherlode
from motherlode.core import Parameters
from motherlode.families import PYRO_FAMILIES
from motherlode.frontends.errors import NotWrappable
from motherlode.ppx.server import Server
from motherlode.tracing import HiddenRandomness, LeakError

pyprob = pytest.importorskip("pyprob", reason="pyprob has its own environment: tools/test_pyprob.sh")
pyprob.set_verbosity(0)

from pyprob import distributions as dist  # noqa: E402
from pyprob import sample as sample_by_name  # noqa: E402

from motherlode.frontends.pyprob import PyprobSimulator, as_pyprob  # noqa: E402
from motherlode.frontends.pyprob.distributions import NoDraw  # noqa: E402

ALPHA = 1e-4
PARAMETERS = Parameters(("mu",), (-2.0,), (2.0,))
THETA = np.linspace(-1.0, 1.0, 400)[:, None]
ALTERNATIVES = [[0.3], [-0.5]]


class Chain(pyprob.Model):
    """z ~ N(mu, 1), x ~ N(z, 0.5): log r and t are known."""

    def __init__(self):
        super().__init__(name="chain")

    def forward(self):
        mu = pyprob.sample(dist.Normal(0.0, 5.0), name="mu")
        z = sample_by_name(dist.Normal(mu, 1.0), control=False)
        pyprob.tag(z, name="latent")
        pyprob.observe(dist.Normal(z, 0.5), name="x")
        return z


@pytest.fixture(scope="module")
def chain():
    return motherlode.wrap(Chain(), PARAMETERS)


def test_wrap_chooses_the_front_end(chain):
    assert isinstance(chain, PyprobSimulator)
    assert chain.name == "chain"


def test_the_table_of_families_has_pyprobs_names():
    for name, (family, call) in PYRO_FAMILIES.items():
        if family.pyprob:
            names = list(inspect.signature(getattr(dist, name)).parameters)
            assert tuple(names[: len(call.arguments)]) == call.arguments


def test_gold_is_exact(chain):
    events = chain.mine(THETA, ALTERNATIVES, seed=3, traces=True)
    z = np.array([trace[0].value for trace in events.traces])
    exact = [stats.norm.logpdf(z, THETA[:, 0], 1.0) - stats.norm.logpdf(z, a, 1.0) for (a,) in ALTERNATIVES]
    np.testing.assert_allclose(events.joint_log_ratio, np.transpose(exact), rtol=0, atol=1e-12)
    np.testing.assert_allclose(events.joint_score[:, 0], z - THETA[:, 0], rtol=0, atol=1e-7)
    assert events.counts.draws == 800
    np.testing.assert_array_equal(chain.simulate(THETA, seed=3), events.x)


def test_uncontrolled_draws_belong_to_the_density(chain):
    trace = chain.mine([[0.5]], ALTERNATIVES, traces=True).traces[0]
    assert [branching.family for branching in trace] == ["Normal", "Normal"]
    assert trace[0].log_prob[0] == pytest.approx(stats.norm.logpdf(trace[0].value, 0.5, 1.0), abs=1e-12)
    assert "test_pyprob.py:forward:" in trace[0].address
    assert trace[1].address == "x"


def test_tag_can_be_x():
    simulator = motherlode.wrap(Chain(), PARAMETERS, observed=("latent",))
    events = simulator.mine(THETA[:20], ALTERNATIVES, traces=True)
    np.testing.assert_array_equal(events.x, [trace[0].value for trace in events.traces])


def test_pyprob_is_as_before_outside_our_runs(chain):
    before = (pyprob.sample, pyprob.state.observe, pyprob.util.to_tensor, sample_by_name)
    chain.mine(THETA[:5], ALTERNATIVES)
    assert (pyprob.sample, pyprob.state.observe, pyprob.util.to_tensor, sample_by_name) == before
    assert len(chain.model.prior(3)) == 3


def test_forward_with_arguments():
    class Named(pyprob.Model):
        def forward(self, mu, sigma):
            return pyprob.sample(dist.Normal(mu, sigma))

    class Whole(pyprob.Model):
        def forward(self, theta):
            return pyprob.sample(dist.Normal(theta[0], theta[1]))

    parameters = Parameters(("mu", "sigma"), (-1.0, 0.5), (1.0, 2.0))
    named, whole = (
        motherlode.wrap(model(), parameters).mine([[0.1, 1.0]] * 9, [[0.2, 1.1]], seed=1) for model in (Named, Whole)
    )
    np.testing.assert_array_equal(named.joint_log_ratio, whole.joint_log_ratio)
    np.testing.assert_array_equal(named.x, whole.x)
    assert named.x.std() > 0


FAMILIES = {
    "Bernoulli": lambda mu: dist.Bernoulli(0.5 + mu / 10),
    "Beta": lambda mu: dist.Beta(2.0 + mu / 10, 3.0, low=1.0, high=3.0),
    "Binomial": lambda mu: dist.Binomial(7, 0.5 + mu / 10),
    "Categorical": lambda mu: dist.Categorical([0.2, 0.5 + mu / 10, 0.3 - mu / 10]),
    "Exponential": lambda mu: dist.Exponential(3.0 + mu),
    "Gamma": lambda mu: dist.Gamma(3.0 + mu, 2.0),
    "LogNormal": lambda mu: dist.LogNormal(mu, 0.5),
    "Normal": lambda mu: dist.Normal([mu, 2 * mu], [1.0, 2.0]),
    "Poisson": lambda mu: dist.Poisson(3.0 + mu),
    "VonMises": lambda mu: dist.VonMises(mu, 2.0),
    "Weibull": lambda mu: dist.Weibull(3.0 + mu, 2.0),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_families_have_the_density_that_pyprob_gives_them(family):
    class One(pyprob.Model):
        def forward(self, mu):
            return pyprob.sample(FAMILIES[family](float(mu)), name="z")

    events = motherlode.wrap(One(), PARAMETERS).mine(THETA[::40], [[0.25]], seed=5)
    for x, (mu,), found in zip(events.x, events.theta, events.joint_log_ratio[:, 0], strict=True):
        here, there = (FAMILIES[family](value).log_prob(x, sum=True) for value in (mu, 0.25))
        assert found == pytest.approx(float(here) - float(there), abs=2e-4)


def test_leaks_are_caught():
    class Leak(pyprob.Model):
        def forward(self, mu):
            return mu + pyprob.sample(dist.Normal(0.0, 1.0))

    simulator = motherlode.wrap(Leak(), PARAMETERS)
    with pytest.raises(LeakError):
        simulator.mine(THETA, ALTERNATIVES)
    report = simulator.check(THETA, ALTERNATIVES)
    assert not report.ok


def test_hidden_randomness_is_caught():
    class Hidden(pyprob.Model):
        def forward(self, mu):
            return pyprob.sample(dist.Normal(mu, 1.0)) + dist.Normal(0.0, 1.0).sample()

    with pytest.raises(HiddenRandomness):
        motherlode.wrap(Hidden(), PARAMETERS).mine(THETA, ALTERNATIVES)


def test_refusals():
    class Factored(pyprob.Model):
        def forward(self, mu):
            pyprob.factor(log_prob=-(mu**2))
            return pyprob.sample(dist.Normal(mu, 1.0))

    class Truncated(pyprob.Model):
        def forward(self, mu):
            return pyprob.sample(dist.TruncatedNormal(mu, 1.0, -1.0, 1.0))

    class Nameless(pyprob.Model):
        def forward(self):
            return pyprob.sample(dist.Normal(0.0, 1.0))

    with pytest.raises(NoDraw, match="factor"):
        motherlode.wrap(Factored(), PARAMETERS).mine(THETA)
    with pytest.raises(NoDraw, match="TruncatedNormal"):
        motherlode.wrap(Truncated(), PARAMETERS).mine(THETA)
    with pytest.raises(NotWrappable, match="mu"):
        motherlode.wrap(Nameless(), PARAMETERS).mine(THETA)


def test_pyprob_infers_latents_by_importance_sampling(python_board):
    """p(eleventh turn is left | slot 13) from pyprob's engine agrees with the balls of ours that ended there."""
    pyprob.seed(1)
    posterior = as_pyprob(python_board, width=0.1, theta=[-0.7]).posterior(1000, observe={"x": 13.0})
    address = next(v.address for v in posterior[0].variables if v.address.endswith("__11"))
    left = posterior.map(lambda trace: float(trace.variables_dict_address[address].value))
    balls = python_board.mine(np.full((4000, 1), -0.7), seed=21, traces=True)
    ended = np.array([trace[10].value for trace in balls.traces])[balls.x == 13]
    expected, size = ended.mean(), float(posterior.effective_sample_size)
    error = np.sqrt(expected * (1 - expected) * (1 / len(ended) + 1 / size))
    assert size > 30
    assert abs(float(left.mean) - expected) < stats.norm.isf(ALPHA / 2) * error


def chi_square(slots, exact, theta):
    """Return the p-value of slots (N,) thrown at theta (M,) drawn uniformly."""
    probabilities = exact.distribution(theta)[0].mean(axis=0)
    counts = np.bincount(np.asarray(slots, dtype=np.int64), minlength=26)[5:26]
    kept = probabilities * len(slots) > 5
    observed = np.append(counts[kept], counts[~kept].sum())
    expected = np.append(probabilities[kept], probabilities[~kept].sum()) * len(slots)
    used = expected > 0
    return stats.chisquare(observed[used], expected[used] * (observed[used].sum() / expected[used].sum())).pvalue


def test_pyprob_drives_our_server(python_board, exact):
    """A PPX server of ours looks to pyprob like any program of its own."""
    server = Server(python_board, "tcp://127.0.0.1:*", python_board.program)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        pyprob.seed(5)
        model = pyprob.RemoteModel(server.endpoint)
        slots = [float(value) for value in model.prior_results(400).get_values()]
        model.close()
    finally:
        server.stopping = True
        thread.join()
        server.close()
    assert chi_square(slots, exact, np.linspace(-0.9975, -0.4025, 120)) > ALPHA


@pytest.mark.cpp
def test_pyprob_gets_a_launched_program(cpp_board, exact):
    """The C++ board, launched by us, is a model for pyprob's engines."""
    pyprob.seed(6)
    slots = [float(value) for value in as_pyprob(cpp_board, width=0.1).prior_results(400).get_values()]
    assert chi_square(slots, exact, np.linspace(-0.9975, -0.4025, 120)) > ALPHA


def test_pyprob_infers_parameters(python_board, exact):
    """The posterior of theta given one slot agrees with the exact one."""
    pyprob.seed(2)
    posterior = as_pyprob(python_board, width=0.1).posterior(1000, observe={"x": 13.0})
    theta = posterior.map(lambda trace: float(trace["theta"]))
    mean, deviation = exact.moments(np.array([13.0]))
    error = deviation / np.sqrt(float(posterior.effective_sample_size))
    assert abs(float(theta.mean) - mean) < stats.norm.isf(ALPHA / 2) * error


@pytest.mark.parametrize("engine", ["LIGHTWEIGHT_METROPOLIS_HASTINGS", "RANDOM_WALK_METROPOLIS_HASTINGS"])
def test_pyprob_walks_over_latents(engine):
    """z ~ N(0, 1), x ~ N(z, 1) observed through a kernel of width 1: z given x is N(x/3, 2/3)."""

    def two(theta, rng):
        return rng.normal(rng.normal(theta[0], 1.0), 1.0)

    pyprob.seed(3)
    simulator = motherlode.wrap(two, low=[-1.0], high=[1.0])
    model = as_pyprob(simulator, width=1.0, theta=[0.0])
    walk = model.posterior(4000, inference_engine=getattr(pyprob.InferenceEngine, engine), observe={"x": 3.0})
    first = next(v.address for v in walk[0].variables_controlled)
    z = np.array([float(trace.variables_dict_address[first].value) for trace in walk.get_values()[1000:]])
    blocks = z[: len(z) // 50 * 50].reshape(50, -1).mean(axis=1)
    assert abs(z.mean() - 1.0) < stats.t.isf(ALPHA / 2, 49) * blocks.std(ddof=1) / np.sqrt(50)


def test_inference_compilation_trains_on_a_simulator_of_ours():
    def one(theta, rng):
        return rng.normal(theta[0], 0.5)

    pyprob.seed(4)
    model = as_pyprob(motherlode.wrap(one, low=[-1.0], high=[1.0]), width=0.2)
    model.learn_inference_network(
        num_traces=200, observe_embeddings={"x": {"dim": 8}}, inference_network=pyprob.InferenceNetwork.FEEDFORWARD
    )
    engine = pyprob.InferenceEngine.IMPORTANCE_SAMPLING_WITH_INFERENCE_NETWORK
    posterior = model.posterior(50, inference_engine=engine, observe={"x": 0.4})
    assert posterior.length == 50


def test_lending_needs_a_kernel_and_a_prior(python_board):
    with pytest.raises(NotWrappable, match="width="):
        as_pyprob(python_board)
    with pytest.raises(NotWrappable, match="no prior"):
        as_pyprob(motherlode.wrap(lambda theta, rng: rng.normal(theta[0])), width=1.0)
