"""A posterior density under a prior that is not the law of its training, against conjugate closed forms."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z, assert_within_nats, truncated_normal_moments

from motherlode import Law
from motherlode.estimators import OutOfRangeWarning
from motherlode.inference import (
    ConvergenceWarning,
    DirectPosterior,
    Prior,
    UnusableObservation,
    UnusablePrior,
    posterior,
)
from motherlode.inference.proposed import proposal_of

D = torch.distributions
X = 1.0


def normal(mean, sd):
    return D.Normal(torch.tensor(mean, dtype=torch.float64), torch.tensor(sd, dtype=torch.float64))


def uniform(low, high):
    return D.Uniform(torch.tensor(low, dtype=torch.float64), torch.tensor(high, dtype=torch.float64))


class Trained(DirectPosterior):
    """The posterior N(x/2, 1/2) of x ~ N(θ, 1) under θ ~ N(0, 1)."""

    shape = (1,)

    def __init__(self, law=None, seen=None, events=None):
        self.record = SimpleNamespace(origin={"proposal": {"law": law.to_json()}} if law else {}, events=events)
        if seen is not None:
            self.theta_low, self.theta_high = (torch.tensor([end]).double() for end in seen)

    def log_prob(self, theta, x):
        return D.Normal(0.5 * x[..., 0], 0.5**0.5).log_prob(theta[..., 0])

    def sample(self, shape, x):
        return D.Normal(0.5 * x, 0.5**0.5).sample(shape)


STANDARD = Law.of({"t": {"normal": [0.0, 1.0]}})
PRIORS = [
    (normal(0.0, 0.3), X * 0.09 / 1.09, (0.09 / 1.09) ** 0.5),
    (normal(0.0, 3.0), X * 9.0 / 10.0, 0.9**0.5),
    (uniform(-9.0, 9.0), X, 1.0),
]


def check(result, mean, sd):
    effective = min(float(result.ess_bulk[0]), result.info.get("effective_draws", np.inf))
    effective = 1.0 / (1.0 / effective + 1.0 / len(result))
    assert abs(result.mean[0] - mean) < ALPHA_Z * sd / effective**0.5
    assert abs(result.sd[0] - sd) < ALPHA_Z * sd / (2.0 * effective) ** 0.5


@pytest.mark.parametrize(("prior", "mean", "sd"), PRIORS)
@pytest.mark.parametrize("known", ["recorded", "given"])
def test_chains_and_draws_follow_the_prior_that_is_passed(prior, mean, sd, known):
    estimator = Trained(STANDARD if known == "recorded" else None)
    problem = posterior(estimator, {"t": prior}, [[X]], proposal=None if known == "recorded" else normal(0.0, 1.0))
    check(problem.mcmc(samples=400, warmup=100, seed=1), mean, sd)
    for seed in range(5):
        drawn = problem.sample(4000, seed=seed)
        assert drawn.method == "direct, reweighted"
        check(drawn, mean, sd)
    assert problem.map(seed=1)[0] == pytest.approx(mean, abs=1e-4)


def test_a_guide_follows_the_prior_that_is_passed():
    prior, mean, sd = PRIORS[0]
    found = posterior(Trained(STANDARD), {"t": prior}, [[X]]).vi(steps=1000, samples=100_000, seed=0)
    assert_within_nats(found, mean, sd, nats=0.003)


@pytest.mark.parametrize("proposal", [None, normal(0.0, 1.0), {"t": D.Normal(0.0, 1.0)}])
def test_where_prior_and_proposal_agree_draws_come_directly_and_are_the_same(proposal):
    prior = {"t": normal(0.0, 1.0)}
    plain = posterior(Trained(), prior, [[X]])
    problem = posterior(Trained(STANDARD if proposal is None else None), prior, [[X]], proposal=proposal)
    assert problem.proposal is problem.potential.prior
    assert problem.sample(500, seed=3).method == "direct"
    np.testing.assert_array_equal(problem.sample(500, seed=3).samples, plain.sample(500, seed=3).samples)
    kept = {"chains": 4, "samples": 50, "warmup": 50, "seed": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        np.testing.assert_array_equal(problem.mcmc(**kept).samples, plain.mcmc(**kept).samples)


@pytest.mark.parametrize(
    ("law", "exact"),
    [
        ({"uniform": [0.5, 2.0]}, lambda t: -np.log(1.5) + 0.0 * t),
        ({"log_uniform": [0.5, 2.0]}, lambda t: -np.log(t * np.log(4.0))),
        ({"normal": [0.5, 2.0]}, lambda t: -0.5 * ((t - 0.5) / 2.0) ** 2 - 0.5 * np.log(8.0 * np.pi)),
    ],
)
def test_recorded_laws_have_their_densities(law, exact):
    found = proposal_of(Trained(Law.of({"t": law})), Prior({"t": normal(0.0, 5.0)}))
    theta = np.linspace(0.6, 1.9, 5)
    assert found.log_prob(torch.from_numpy(theta[:, None])).numpy() == pytest.approx(exact(theta), abs=1e-12)
    outside = found.log_prob(torch.tensor([[0.4], [2.1]]).double())
    assert torch.isfinite(outside).all() == ("normal" in law)


def test_a_prior_beyond_the_proposal_is_cut_off_there_and_said_to_be():
    with pytest.warns(OutOfRangeWarning, match=r"\d\d\.\d% of the prior lies where θ was never proposed"):
        problem = posterior(Trained(), {"t": normal(0.0, 2.0)}, [[X]], proposal=uniform(-1.0, 1.0))
    assert np.array_equal(np.isfinite(problem.log_prob([[-1.5], [0.5], [1.5]])), [False, True, False])
    assert np.abs(problem.sample(500, seed=0).samples).max() <= 1.0


def test_a_prior_far_from_every_draw_of_the_density_is_drawn_from_all_the_same():
    drawn = posterior(Trained(STANDARD), {"t": uniform(4.0, 5.0)}, [[X]]).sample(4000, seed=0)
    check(drawn, *truncated_normal_moments(X, 1.0, 4.0, 5.0))


def test_a_prior_apart_from_the_proposal_is_refused():
    with pytest.warns(OutOfRangeWarning, match="100.0% of the prior"):
        problem = posterior(Trained(), {"t": uniform(4.0, 5.0)}, [[X]], proposal=uniform(-1.0, 1.0))
    with pytest.raises(UnusableObservation, match="density of 0 at all of 10000 draws"):
        problem.sample(100)


def test_a_proposal_of_other_parameters_is_refused():
    with pytest.raises(UnusablePrior, match="2 parameters"):
        posterior(Trained(), {"t": normal(0.0, 1.0)}, [[X]], proposal=D.Normal(torch.zeros(2), 1.0))


def test_a_narrower_prior_is_noticed_where_nobody_knows_the_proposal():
    estimator = Trained(seen=(-3.9, 4.1), events=20_000)
    for narrow in (normal(0.0, 0.1), uniform(-3.0, 3.9)):
        with pytest.warns(OutOfRangeWarning, match=r"'t' draws from .* trained on θ in \[-3.9, 4.1\]"):
            posterior(estimator, {"t": narrow}, [[X]])
    posterior(Trained(STANDARD, seen=(-3.9, 4.1), events=20_000), {"t": normal(0.0, 0.1)}, [[X]])


@pytest.mark.parametrize("law", [uniform(-1.0, 1.0), normal(2.0, 3.0), D.LogNormal(torch.zeros(()).double(), 0.5)])
@pytest.mark.filterwarnings("ignore:.* of the prior lies outside")
def test_the_prior_of_the_training_is_not_called_narrow(law):
    for seed in range(30):
        theta = Prior({"t": law}).sample(3000, seed=100 + seed)
        posterior(Trained(seen=(float(theta.min()), float(theta.max())), events=3000), {"t": law}, [[X]])
