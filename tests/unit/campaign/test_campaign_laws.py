"""Campaigns propose from laws of every kind: marginals, shards, workers, resuming, and what the manifest tells."""

import json

import numpy as np
import pytest
import torch
from laws_of_all_kinds import CASES, normal_mixture
from scipy import stats

from motherlode import Campaign, Law, wrap
from motherlode.campaign import Proposal, ProposalError
from motherlode.laws import LawError
from motherlode.store import StoreMismatch

ALPHA = 1e-5
EVENTS = 400


def normal(theta, rng):
    return rng.normal(0.1 * theta[0], 1.0)


def simulator(form):
    return wrap(normal, Law.of(form).names)


def campaign(form, path, events=EVENTS, shard=EVENTS):
    return Campaign(simulator(form), form, events=events, alternatives=1, seed=6, path=path, shard=shard)


@pytest.mark.parametrize("name", CASES)
def test_a_campaign_follows_its_law(name, tmp_path):
    form, references = CASES[name]
    store = campaign(form, tmp_path / "one").run(progress=False)
    mined = store.load()
    for column, reference in enumerate(references):
        if reference is not None:
            test = stats.kstest if callable(reference) else stats.ks_2samp
            assert test(mined.theta[:, column], reference).pvalue > ALPHA / len(references)
            assert test(mined.alternatives[:, 0, column], reference).pvalue > ALPHA / len(references)
    assert mined.audit().ok
    told = store.manifest().proposal
    assert json.loads(json.dumps(told)) == told
    again = Law.from_json(told["law"])
    np.testing.assert_allclose(again.draw(6, 0, EVENTS, 2)[:, 0], mined.theta, rtol=1e-12)

    parts = campaign(form, tmp_path / "parts", events=250, shard=180)
    parts.run(progress=False)
    resumed = campaign(form, tmp_path / "parts", shard=130).run(progress=False)
    assert resumed.load().same_as(mined)


@pytest.mark.parametrize("name", ["zuko flow", "pyro flow", "scipy correlated", "of many kinds"])
def test_workers_draw_the_same(name, tmp_path):
    form = CASES[name][0]
    alone = campaign(form, tmp_path / "alone", events=120, shard=60).run(progress=False).load()
    assert campaign(form, tmp_path / "two", events=120, shard=60).run(workers=2, progress=False).load().same_as(alone)


def test_another_law_of_the_same_kind_is_another_campaign(tmp_path):
    laws = [normal_mixture(weight) for weight in (0.3, 0.4)]
    campaign(laws[0], tmp_path, events=20).run(progress=False)
    campaign(laws[0], tmp_path, events=20).run(progress=False)
    with pytest.raises(StoreMismatch, match="proposal"):
        campaign(laws[1], tmp_path, events=20).run(progress=False)


def test_a_joint_law_takes_the_names_of_the_simulator(tmp_path):
    bounded = wrap(normal, ("a", "b"), low=[-1, -1], high=[1, 1])
    inside = torch.distributions.Independent(torch.distributions.Uniform(torch.zeros(2), torch.ones(2)), 1)
    proposal = Campaign(bounded, inside, events=10, path=tmp_path).proposal
    assert proposal.to_json() == Proposal.of("a=0:1,b=0:1").to_json()
    with pytest.raises(ProposalError, match=r"reaches over \[-inf, inf\]"):
        Campaign(bounded, stats.multivariate_normal([0.0, 0.0]), events=10, path=tmp_path)
    with pytest.raises(LawError, match="2 names"):
        Campaign(bounded, stats.norm(0, 1), events=10, path=tmp_path)


def test_a_law_that_cannot_be_told_is_refused_before_anything_runs(tmp_path):
    class Own(torch.distributions.Normal):
        pass

    with pytest.raises(LawError, match="its name does not tell its density"):
        campaign(Own(0.0, 1.0), tmp_path / "s").run(progress=False)
    assert not (tmp_path / "s" / "manifest.json").exists()


def test_a_fixed_parameter_stays_fixed_in_alternatives_near_theta(tmp_path):
    form = {"a": {"log_normal": [0.0, 0.3]}, "b": {"delta": 2.0}, "alternatives": {"near": 0.2}}
    prepared = Campaign(wrap(normal, ("a", "b")), form, events=200, alternatives=2, path=tmp_path)
    mined = prepared.run(progress=False).load()
    assert (mined.theta[:, 1] == 2.0).all()
    assert (mined.alternatives[..., 1] == 2.0).all()
    assert mined.audit().ok
