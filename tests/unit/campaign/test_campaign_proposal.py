"""Proposals: read from every form, refuse nonsense, exchangeable, and row i is always the same."""

import json

import numpy as np
import pytest
from scipy import stats
from scipy.stats import multivariate_normal

from motherlode import Law
from motherlode.campaign import Proposal, ProposalError, recorded_law
from motherlode.core import Parameters
from motherlode.laws import LawError

ALPHA = 1e-5


@pytest.mark.parametrize(
    ("form", "law", "near"),
    [
        ("theta=-1:-0.4", {"theta": [-1, -0.4]}, None),
        ({"a": {"normal": [0, 2]}, "alternatives": {"near": 0.1}}, {"a": {"normal": [0, 2]}}, 0.1),
        ({"a": [0, 1], "alternatives": "prior"}, {"a": [0, 1]}, None),
        (Law.of("a=0:1"), {"a": [0, 1]}, None),
        (Parameters(("a", "b"), (0.0, 1.0), (1.0, 3.0)), {"a": [0, 1], "b": [1, 3]}, None),
    ],
)
def test_forms(form, law, near):
    proposal = Proposal.of(form)
    assert proposal == Proposal(Law.of(law), near)
    assert Proposal.of(proposal) == proposal
    assert Proposal.of(form, near=0.5) == Proposal.of(proposal, near=0.5) == Proposal(Law.of(law), 0.5)


def test_yaml(tmp_path):
    (tmp_path / "prior.yaml").write_text(
        "mass: [100, 200]\nwidth: {log_uniform: [0.1, 10]}\nalternatives: {near: 0.2}\n"
    )
    proposal = Proposal.of(tmp_path / "prior.yaml")
    assert proposal == Proposal(Law.of({"mass": [100, 200], "width": {"log_uniform": [0.1, 10]}}), 0.2)
    assert proposal == Proposal.of(str(tmp_path / "prior.yaml"))


@pytest.mark.parametrize(
    ("form", "match"),
    [
        ("theta=1", "name=low:high"),
        ("theta=2:1", r"uniform\(2\.0, 1\.0\), which does not exist"),
        ({"a": {"cauchy": [0, 1]}}, "cauchy"),
        ({"a": [0, 1], "alternatives": "posterior"}, "cannot be read"),
        ({"a": [0, 1], "alternatives": {"near": "far"}}, "cannot be read"),
        ({"a": [0, 1], "alternatives": {"wide": 2}}, "cannot be read"),
        ({"a": [0, 1], "alternatives": {"near": 2}}, r"near in \(0, 1\]"),
        ({"alternatives": "prior"}, "at least one parameter"),
        ("no_such_file.yaml", "neither"),
        (Parameters(("a",)), "No bounds are declared for a"),
        ({"a": {"delta": 1.0}}, "fixes a, and there is no other parameter"),
        ({("a", "b"): multivariate_normal([0, 0]), "alternatives": {"near": 0.1}}, "a, b depend on one another"),
    ],
)
def test_refused(form, match):
    with pytest.raises((ProposalError, LawError), match=match):
        Proposal.of(form)


@pytest.mark.parametrize(
    ("spec", "match"),
    [("b=0:1", "in this order"), ("a=0:2", "declared on"), ({"a": {"normal": [0.5, 0.1]}}, "declared on")],
)
def test_must_fit_the_simulator(spec, match):
    with pytest.raises(ProposalError, match=match):
        Proposal.of(spec).check_fits(Parameters(("a",), (0.0,), (1.0,)))


def test_order_of_names_matters():
    with pytest.raises(ProposalError, match="in this order"):
        Proposal.of("b=0:1,a=0:1").check_fits(Parameters(("a", "b")))


SPECS = [
    {"a": [-1, 2], "b": [0, 1]},
    {"a": {"log_uniform": [0.01, 100]}, "b": {"normal": [1, 3]}},
    {"a": [-1, 2], "b": {"normal": [0, 1]}, "alternatives": {"near": 0.1}},
    {"a": {"log_uniform": [0.01, 100]}, "b": [0, 1], "alternatives": {"near": 1.0}},
]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("k", [0, 1, 3])
def test_row_i_is_row_i(spec, k):
    proposal = Proposal.of(spec)
    theta, others = proposal.draw(5, 0, 10_000, k)
    assert theta.shape == (10_000, 2)
    assert others.shape == (10_000, k, 2)
    for first, count in ((0, 1), (4095, 2), (4096, 4096), (1, 9999), (8191, 10)):
        part, part_others = proposal.draw(5, first, count, k)
        np.testing.assert_array_equal(part, theta[first : first + count])
        np.testing.assert_array_equal(part_others, others[first : first + count])
    assert not np.array_equal(proposal.draw(6, 0, 10, k)[0], theta[:10])


@pytest.mark.parametrize("spec", SPECS)
def test_theta_and_alternatives_are_exchangeable(spec):
    """With alternatives from another law than θ every pair loss is wrong."""
    theta, others = Proposal.of(spec).draw(2, 0, 40_000, 2)
    points = np.concatenate([theta[:, None], others], axis=1)
    for d in range(2):
        a, b, c = points[..., d].T
        assert stats.ks_2samp(a, b).pvalue > ALPHA
        assert stats.ks_2samp(a[: len(a) // 2] - b[: len(a) // 2], (b - a)[len(a) // 2 :]).pvalue > ALPHA
        assert stats.ks_2samp((a - b)[: len(a) // 2], (b - c)[len(a) // 2 :]).pvalue > ALPHA


@pytest.mark.parametrize(
    ("law", "reference"),
    [
        ([-1, 2], stats.uniform(-1, 3)),
        ({"log_uniform": [0.01, 100]}, stats.loguniform(0.01, 100)),
        ({"normal": [1, 3]}, stats.norm(1, 3)),
    ],
)
def test_theta_follows_its_law(law, reference):
    theta, others = Proposal.of({"a": law}).draw(1, 0, 20_000, 1)
    assert stats.kstest(theta[:, 0], reference.cdf).pvalue > ALPHA
    assert stats.kstest(others[:, 0, 0], reference.cdf).pvalue > ALPHA
    assert abs(np.corrcoef(theta[:, 0], others[:, 0, 0])[0, 1]) < 0.05


def test_near_is_near_and_inside():
    theta, others = Proposal.of({"a": [-1, 1], "alternatives": {"near": 0.1}}).draw(1, 0, 50_000, 1)
    assert np.abs(theta - others[:, 0]).max() <= 0.2
    assert theta.min() >= -1
    assert theta.max() <= 1
    assert 0.05 < np.abs(theta - others[:, 0]).mean() < 0.08


def test_plain_data_survive_json():
    for spec in SPECS:
        proposal = Proposal.of(spec)
        data = json.loads(json.dumps(proposal.to_json()))
        assert data == proposal.to_json()
        assert Proposal(recorded_law({"proposal": data}), data["near"]) == proposal


def test_an_origin_may_tell_no_law():
    assert recorded_law({}) is recorded_law({"proposal": {}}) is recorded_law({"proposal": None}) is None
