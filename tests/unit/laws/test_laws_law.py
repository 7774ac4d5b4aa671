"""Laws of θ: read from every form, refused where they do not exist, told by plain data; densities and gradients."""

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from motherlode import Law
from motherlode.core import Parameters
from motherlode.laws import LawError
from motherlode.laws.table import LAWS, NamedLaw

ROWS = {
    "uniform": ((-1.0, 2.0), stats.uniform(-1.0, 3.0)),
    "log_uniform": ((0.01, 100.0), stats.loguniform(0.01, 100.0)),
    "normal": ((1.0, 3.0), stats.norm(1.0, 3.0)),
    "truncated_normal": ((1.0, 3.0, -2.0, 1.5), stats.truncnorm(-1.0, 1 / 6, 1.0, 3.0)),
    "log_normal": ((0.3, 0.5), stats.lognorm(0.5, scale=np.exp(0.3))),
    "beta": ((2.0, 3.0), stats.beta(2.0, 3.0)),
    "gamma": ((2.0, 3.0), stats.gamma(2.0, scale=1 / 3.0)),
    "exponential": ((2.0,), stats.expon(scale=0.5)),
}


def named(name, *arguments):
    return NamedLaw(name, tuple(map(float, arguments)))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("theta=-1:-0.4", {"theta": named("uniform", -1, -0.4)}),
        ("a=0:1, b=1e-3:2", {"a": named("uniform", 0, 1), "b": named("uniform", 1e-3, 2)}),
        ({"a": [0, 1]}, {"a": named("uniform", 0, 1)}),
        ({"a": {"log_uniform": [0.1, 10]}}, {"a": named("log_uniform", 0.1, 10)}),
        ({"a": {"normal": {"stddev": 2, "mean": 0}}}, {"a": named("normal", 0, 2)}),
        ({"a": {"exponential": 3}, "b": {"delta": 0.5}}, {"a": named("exponential", 3), "b": named("delta", 0.5)}),
        ({"a": stats.norm(1, 2), "b": stats.uniform(1, 2)}, {"a": named("normal", 1, 2), "b": named("uniform", 1, 3)}),
        (
            {"a": stats.gamma(2, scale=0.5), "b": stats.beta(2, 3)},
            {"a": named("gamma", 2, 2), "b": named("beta", 2, 3)},
        ),
        (Parameters(("a", "b"), (0, 1), (1, 3)), {"a": named("uniform", 0, 1), "b": named("uniform", 1, 3)}),
        (stats.expon(scale=0.5), {"theta": named("exponential", 2)}),
        (Law.of("a=0:1"), {"a": named("uniform", 0, 1)}),
        ({"b": Law.of("a=0:1")}, {"b": named("uniform", 0, 1)}),
    ],
)
def test_forms(form, expected):
    law = Law.of(form)
    assert law == Law(tuple(expected), tuple(expected.values()))
    assert Law.from_json(json.loads(json.dumps(law.to_json()))) == law
    assert law.factorizes


def test_yaml(tmp_path):
    (tmp_path / "prior.yaml").write_text("mass: [100, 200]\nwidth: {log_normal: [0, 0.5]}\n")
    expected = Law(("mass", "width"), (named("uniform", 100, 200), named("log_normal", 0, 0.5)))
    assert Law.of(tmp_path / "prior.yaml") == Law.of(str(tmp_path / "prior.yaml")) == expected


@pytest.mark.parametrize(
    ("form", "match"),
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
        ({"a": {"normal": {"mean": 0, "sd": 1}}}, "Give mean, stddev"),
        ({"a": {"truncated_normal": [0, 1, 2, 1]}}, "does not exist"),
        ({"a": [0, 1, 2]}, "cannot be read"),
        ({"a": 3}, "cannot be read"),
        ({"a": "b=0:1"}, "cannot be read"),
        ({}, "at least one parameter"),
        ("no_such_file.yaml", "neither"),
        (stats.poisson(3.0), "no density"),
        (stats.gaussian_kde([0.0, 1.0, 3.0]), "no draws"),
        (stats.norm, "no law of one number"),
        (stats.norm([0.0, 1.0], 1.0), "no law of one number"),
        (stats.dirichlet([1.0, 2.0]), "no density of θ with shape"),
        (Parameters(("a",)), "No bounds are declared for a"),
        ({("a", "b"): [0, 1]}, "2 names"),
        (Law.of("a=0:1").sample, "cannot be read"),
    ],
)
def test_refused(form, match):
    with pytest.raises(LawError, match=match):
        Law.of(form)


def test_yaml_that_is_no_mapping(tmp_path):
    for content, match in (("- 1\n", "holds list"), ("a: [", "neither")):
        (tmp_path / "p.yaml").write_text(content)
        with pytest.raises(LawError, match=match):
            Law.of(tmp_path / "p.yaml")


@pytest.mark.parametrize("data", [{}, {"names": ["a"]}, {"names": ["a"], "factors": [3]}, {"names": [], "factors": []}])
def test_plain_data_that_describe_no_law(data):
    with pytest.raises(LawError):
        Law.from_json(data)


@pytest.mark.parametrize("name", ["no_law", "scipy.stats.no_law", "scipy.stats.describe", "os.system"])
def test_laws_that_nobody_knows_are_not_read(name):
    with pytest.raises((LawError, TypeError)):
        Law.from_json({"names": ["a"], "factors": [{"law": name, "arguments": {}}]})


def test_the_rows_of_the_table_are_all_tested():
    assert set(ROWS) | {"delta"} == set(LAWS)


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_the_table_are_scipys_laws(name):
    arguments, reference = ROWS[name]
    law = Law.of({"a": {name: list(arguments)}})
    unit = np.linspace(0.001, 0.999, 101)[:, None]
    theta = law.quantile(unit)
    np.testing.assert_allclose(theta, reference.ppf(unit), rtol=1e-12)
    np.testing.assert_allclose(law.log_prob(theta), reference.logpdf(theta[:, 0]), atol=1e-12)
    np.testing.assert_allclose([law.support.low[0], law.support.high[0]], reference.support(), rtol=1e-15)
    steps = 1e-6 * np.maximum(np.abs(theta), 1e-3)
    inner = slice(1, -1)
    slope = (law.log_prob(theta + steps) - law.log_prob(theta - steps))[inner] / (2 * steps[inner, 0])
    np.testing.assert_allclose(law.score(theta)[inner, 0], slope, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", ROWS)
def test_quantiles_at_the_ends_are_finite_and_inside(name):
    law = Law.of({"a": {name: list(ROWS[name][0])}})
    ends = law.quantile(np.array([[0.0], [1.0]]))
    assert np.isfinite(ends).all()
    assert law.support.contains(ends).all()


def test_outside_the_support_there_is_neither_density_nor_score():
    law = Law.of({"a": [0, 1], "b": {"exponential": 1.0}})
    theta = np.array([[0.5, 1.0], [1.5, 1.0], [0.5, -1.0], [np.nan, 1.0]])
    assert law.support.contains(theta).tolist() == [True, False, False, False]
    assert np.isfinite(law.log_prob(theta)).tolist() == [True, False, False, False]
    np.testing.assert_array_equal(law.score(theta)[:2], [[0.0, -1.0], [np.nan, -1.0]])


def test_density_and_score_have_the_shape_of_the_batch():
    law = Law.of({"a": [0, 1], ("b", "c"): stats.multivariate_normal([0.0, 0.0], np.eye(2))})
    theta = law.sample(6, seed=1).reshape(2, 3, 3)
    assert law.log_prob(theta).shape == (2, 3)
    np.testing.assert_allclose(
        law.score(theta), np.stack([0 * theta[..., 0], -theta[..., 1], -theta[..., 2]], -1), atol=1e-6
    )


def test_a_fixed_parameter_has_a_name_and_no_score():
    law = Law.of({"a": [0, 1], "b": {"delta": 3.0}})
    assert law.fixed == ("b",)
    theta = law.sample(5, seed=0)
    assert (theta[:, 1] == 3.0).all()
    np.testing.assert_array_equal(law.log_prob(theta), 0.0)
    assert np.isnan(law.score(theta)[:, 1]).all()
    assert law.log_prob(np.array([0.5, 2.0])) == -np.inf


def test_names_are_put_in_order():
    law = Law.of({"a": [0, 1], ("b", "c"): stats.multivariate_normal([0.0, 1.0], np.eye(2))})
    assert law.in_order(("b", "c", "a")).names == ("b", "c", "a")
    assert law.in_order(("b", "c", "a")).in_order(law.names) == law
    for names in (("a", "b"), ("b", "a", "c"), ("a", "c", "b"), ("a", "b", "c", "d"), ("a", "b", "x")):
        with pytest.raises(LawError, match=r"Give every parameter one factor"):
            law.in_order(names)


def test_names_of_a_law_without_any():
    joint = stats.multivariate_normal([0.0, 1.0], np.eye(2))
    assert Law.of(joint).names == ("theta_1", "theta_2")
    assert Law.of(joint, names=("a", "b")).names == ("a", "b")
    assert Law.of({"v": joint, "s": [0, 1]}).names == ("v_1", "v_2", "s")
    with pytest.raises(LawError, match="3 names"):
        Law.of(joint, names=("a", "b", "c"))


def test_laws_are_read_without_torch():
    program = (
        "import sys, motherlode; law = motherlode.Law.of('a=0:1'); law.draw(0, 0, 9); law.log_prob([[0.5]]); "
        "motherlode.Law.from_json(law.to_json()); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_scipys_law_of_a_users_own_is_drawn_but_not_told():
    class Triangle(stats.rv_continuous):
        def _pdf(self, x):
            return 2.0 * x

    law = Law.of(Triangle(a=0.0, b=1.0, name="triangle")())
    assert abs(law.sample(2000, seed=0).mean() - 2 / 3) < 5 * (1 / 18 / 2000) ** 0.5
    with pytest.raises(LawError, match="not scipy's own"):
        law.to_json()
