"""Proposals: read from every form, refuse nonsense, exchangeable, and row i is always the same."""

import json

import numpy as np
import pytest
from scipy import stats

from motherlode.campaign import Proposal, ProposalError
from motherlode.core import Parameters

ALPHA = 1e-5


@pytest.mark.parametrize(
    ("spec", "laws", "near"),
    [
        ("theta=-1:-0.4", {"theta": ("uniform", -1.0, -0.4)}, None),
        ("a=0:1, b=1e-3:2", {"a": ("uniform", 0.0, 1.0), "b": ("uniform", 1e-3, 2.0)}, None),
        ({"a": [0, 1]}, {"a": ("uniform", 0.0, 1.0)}, None),
        ({"a": {"log_uniform": [0.1, 10]}}, {"a": ("log_uniform", 0.1, 10.0)}, None),
        ({"a": {"normal": [0, 2]}, "alternatives": {"near": 0.1}}, {"a": ("normal", 0.0, 2.0)}, 0.1),
        ({"a": [0, 1], "alternatives": "prior"}, {"a": ("uniform", 0.0, 1.0)}, None),
    ],
)
def test_forms(spec, laws, near):
    assert Proposal.parse(spec) == Proposal(laws, near)
    assert Proposal.parse(Proposal(laws, near)) == Proposal(laws, near)


def test_yaml(tmp_path):
    (tmp_path / "prior.yaml").write_text(
        "mass: [100, 200]\nwidth: {log_uniform: [0.1, 10]}\nalternatives: {near: 0.2}\n"
    )
    proposal = Proposal.parse(tmp_path / "prior.yaml")
    assert proposal == Proposal({"mass": ("uniform", 100.0, 200.0), "width": ("log_uniform", 0.1, 10.0)}, 0.2)
    assert proposal == Proposal.parse(str(tmp_path / "prior.yaml"))


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        ("theta=1", "name=low:high"),
        ("theta=1:2,", "name=low:high"),
        ("theta=a:b", "name=low:high"),
        ("a=0:1,a=0:2", "twice"),
        ("theta=2:1", r"uniform\(2\.0, 1\.0\), which does not exist"),
        ("theta=0:inf", "does not exist"),
        ({"a": {"log_uniform": [0, 1]}}, "log_uniform"),
        ({"a": {"normal": [0, 0]}}, "normal"),
        ({"a": {"cauchy": [0, 1]}}, "cauchy"),
        ({"a": [0, 1, 2]}, "cannot be read"),
        ({"a": 3}, "cannot be read"),
        ({"a": [0, 1], "alternatives": "posterior"}, "cannot be read"),
        ({"a": [0, 1], "alternatives": {"near": 2}}, r"near in \(0, 1\]"),
        ({}, "at least one parameter"),
        ("no_such_file.yaml", "neither"),
    ],
)
def test_refused(spec, match):
    with pytest.raises(ProposalError, match=match):
        Proposal.parse(spec)


def test_yaml_that_is_no_mapping(tmp_path):
    for content, match in (("- 1\n", "holds list"), ("a: [", "neither")):
        (tmp_path / "p.yaml").write_text(content)
        with pytest.raises(ProposalError, match=match):
            Proposal.parse(tmp_path / "p.yaml")


def test_bounds_of_the_simulator():
    declared = Parameters(("a", "b"), (0.0, 1.0), (1.0, 3.0))
    assert Proposal.from_bounds(declared).laws == {"a": ("uniform", 0.0, 1.0), "b": ("uniform", 1.0, 3.0)}
    with pytest.raises(ProposalError, match="No bounds are declared for a"):
        Proposal.from_bounds(Parameters(("a",)))


@pytest.mark.parametrize(
    ("spec", "match"),
    [("b=0:1", "in this order"), ("a=0:2", "declared on"), ({"a": {"normal": [0.5, 0.1]}}, "declared on")],
)
def test_must_fit_the_simulator(spec, match):
    with pytest.raises(ProposalError, match=match):
        Proposal.parse(spec).check_fits(Parameters(("a",), (0.0,), (1.0,)))


def test_order_of_names_matters():
    with pytest.raises(ProposalError, match="in this order"):
        Proposal.parse("b=0:1,a=0:1").check_fits(Parameters(("a", "b")))


SPECS = [
    {"a": [-1, 2], "b": [0, 1]},
    {"a": {"log_uniform": [0.01, 100]}, "b": {"normal": [1, 3]}},
    {"a": [-1, 2], "b": {"normal": [0, 1]}, "alternatives": {"near": 0.1}},
    {"a": {"log_uniform": [0.01, 100]}, "b": [0, 1], "alternatives": {"near": 1.0}},
]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("k", [0, 1, 3])
def test_row_i_is_row_i(spec, k):
    proposal = Proposal.parse(spec)
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
    theta, others = Proposal.parse(spec).draw(2, 0, 40_000, 2)
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
    theta, others = Proposal.parse({"a": law}).draw(1, 0, 20_000, 1)
    assert stats.kstest(theta[:, 0], reference.cdf).pvalue > ALPHA
    assert stats.kstest(others[:, 0, 0], reference.cdf).pvalue > ALPHA
    assert abs(np.corrcoef(theta[:, 0], others[:, 0, 0])[0, 1]) < 0.05


def test_near_is_near_and_inside():
    theta, others = Proposal.parse({"a": [-1, 1], "alternatives": {"near": 0.1}}).draw(1, 0, 50_000, 1)
    assert np.abs(theta - others[:, 0]).max() <= 0.2
    assert theta.min() >= -1
    assert theta.max() <= 1
    assert 0.05 < np.abs(theta - others[:, 0]).mean() < 0.08


def test_plain_data_survive_json():
    for spec in SPECS:
        proposal = Proposal.parse(spec)
        assert json.loads(json.dumps(proposal.to_json())) == proposal.to_json()
        assert proposal.exchangeable
