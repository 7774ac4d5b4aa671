"""Convergence diagnostics against arviz and against chains whose answer is known."""

import re
import sys
import warnings
from types import ModuleType

import numpy as np
import pytest
from arviz_stats.base import array_stats
from closed_forms import ALPHA_Z
from scipy.stats import norm
from scipy.stats import t as student

from motherlode.inference import ConvergenceWarning, InferenceError, PosteriorSamples
from motherlode.inference.convergence import ess_bulk, ess_mean, ess_tail, nested_rhat, split_rhat, stuck_chains

T_9 = student(9).isf(norm.sf(ALPHA_Z))


def autoregressive(rho, shape, seed=0):
    noise = np.random.default_rng(seed).normal(size=shape)
    draws = np.empty(shape)
    draws[:, 0] = noise[:, 0]
    for i in range(1, shape[1]):
        draws[:, i] = rho * draws[:, i - 1] + np.sqrt(1 - rho**2) * noise[:, i]
    return draws


def result(samples, **changes):
    shape = samples.shape[:2]
    fields = {"divergences": np.zeros(shape, dtype=bool), "acceptance": np.ones(shape[0]), **changes}
    names = tuple(f"p{i}" for i in range(samples.shape[2]))
    return PosteriorSamples(samples, names, np.zeros(shape), "test", **fields)


@pytest.mark.parametrize(("rho", "chains"), [(0.0, 4), (0.9, 4), (0.5, 20), (-0.5, 1)])
def test_diagnostics_agree_with_arviz(rho, chains):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arviz = pytest.importorskip("arviz")
        draws = autoregressive(rho, (chains, 501))
        assert ess_bulk(draws) == pytest.approx(float(arviz.ess(draws, method="bulk")), rel=1e-9)
        assert ess_mean(draws) == pytest.approx(float(arviz.ess(draws, method="mean")), rel=1e-9)
        assert ess_tail(draws) == pytest.approx(float(arviz.ess(draws, method="tail")), rel=1e-9)
        if chains > 1:
            assert split_rhat(draws) == pytest.approx(float(arviz.rhat(draws)), rel=1e-9)


def test_one_chain_is_judged_by_its_halves_as_two_chains_of_their_length_would():
    draws = autoregressive(0.5, (2, 400))
    whole = split_rhat(np.concatenate([draws[:1], draws[1:]], axis=1))
    assert whole == pytest.approx(float(array_stats.rhat(draws, method="identity")), abs=0.01)
    assert split_rhat(np.concatenate([draws[:1], 5.0 + draws[1:]], axis=1)) > 2.0


def test_effective_sample_size_of_an_autoregressive_chain():
    found = np.array([ess_mean(autoregressive(0.8, (8, 20_000), seed)) for seed in range(10)])
    assert abs(found.mean() - 160_000 * 0.2 / 1.8) < T_9 * found.std(ddof=1) / np.sqrt(10)


def test_one_stuck_chain_is_named():
    draws = np.random.default_rng(0).normal(size=(4, 500, 2))
    draws[2, :, 1] += 5.0
    with pytest.warns(ConvergenceWarning) as caught:
        result(draws).warn()
    messages = [str(warning.message) for warning in caught]
    assert "R-hat is" in messages[0]
    assert re.search(r"1 of 4 chains stay away from the others in 'p1': 2 \(around 4.9", messages[1])


def test_a_chain_that_never_moves_is_named():
    draws = np.random.default_rng(0).normal(size=(20, 300, 1))
    draws[7] = 0.1
    assert stuck_chains(draws[..., 0]).tolist() == [7]
    assert any("7 (around 0.1)" in finding for finding in result(draws).findings())


@pytest.mark.parametrize("rho", [0.0, 0.9])
@pytest.mark.parametrize("length", [20, 300])
def test_good_chains_are_not_called_stuck(rho, length):
    found = [len(stuck_chains(autoregressive(rho, (100, length), seed))) for seed in range(20)]
    assert sum(found) == 0


def test_a_stuck_chain_among_a_hundred_short_ones_is_found_where_nested_r_hat_averages_it_away():
    draws = autoregressive(0.3, (100, 30))
    draws[41] = 4.0 + 0.1 * draws[41]
    assert nested_rhat(draws, 10) < 1.01
    assert stuck_chains(draws).tolist() == [41]
    assert any("41 (around" in finding for finding in result(draws[..., None], superchains=10).findings())


def test_many_short_good_chains_fail_r_hat_and_pass_nested_r_hat():
    runs = [autoregressive(0.3, (100, 20), seed) for seed in range(20)]
    assert min(split_rhat(draws) for draws in runs) > 1.01
    assert max(nested_rhat(draws, 10) for draws in runs) < 1.01
    assert any("superchains=" in finding for finding in result(runs[0][..., None]).findings())
    assert result(runs[0][..., None], superchains=10).findings() == []


@pytest.mark.parametrize("kind", ["location", "scale"])
def test_superchains_that_remember_their_start_fail_nested_r_hat(kind):
    generator = np.random.default_rng(1)
    draws = autoregressive(0.3, (100, 20))
    if kind == "location":
        draws += np.repeat(generator.normal(size=10), 10)[:, None]
    else:
        draws *= np.repeat(np.exp(generator.normal(size=10)), 10)[:, None]
    assert nested_rhat(draws, 10) > 1.05


def test_nested_r_hat_of_a_known_ratio():
    generator = np.random.default_rng(2)
    starts = generator.normal(size=(400, 1, 1))
    draws = np.sqrt(0.1) * starts + generator.normal(size=(400, 4, 200))
    error = 0.5 * (0.1 / np.sqrt(1.1)) * np.sqrt(2.0 / 399)  # the variance of 400 means carries all the noise
    assert abs(nested_rhat(draws.reshape(1600, 200), 400) - np.sqrt(1.1)) < ALPHA_Z * error


@pytest.mark.parametrize("superchains", [0, 1, 3, 20])
def test_superchains_need_a_divisor(superchains):
    with pytest.raises(ValueError, match="divisor"):
        nested_rhat(np.zeros((20, 10)), superchains)


def test_constant_draws_have_no_nested_r_hat():
    assert np.isnan(nested_rhat(np.zeros((20, 10)), 5))


def test_divergences_and_heavy_weights_are_reported():
    draws = np.random.default_rng(0).normal(size=(2, 400, 1))
    divergences = np.zeros((2, 400), dtype=bool)
    divergences[0, :3] = True
    findings = result(draws, divergences=divergences, k_hat=0.9).findings()
    assert "3 of 800 trajectories diverged" in findings[0]
    assert "k-hat is 0.90" in findings[1]


def test_good_draws_pass_in_silence():
    assert result(np.random.default_rng(0).normal(size=(4, 1000, 2))).findings() == []


def test_constant_draws_have_no_diagnostics():
    draws = np.zeros((2, 100))
    assert np.isnan([split_rhat(draws), ess_bulk(draws), ess_mean(draws)]).all()


def test_draws_survive_netcdf(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arviz = pytest.importorskip("arviz")
        draws = np.random.default_rng(0).normal(size=(3, 50, 2))
        path = result(draws).save(tmp_path / "draws.nc")
        read = arviz.from_netcdf(str(path))
    assert np.array_equal(read.posterior["p1"].values, draws[..., 1])
    assert read.sample_stats["diverging"].shape == (3, 50)


@pytest.mark.parametrize("missing", ["arviz", "h5netcdf", "h5py"])
def test_what_is_missing_for_netcdf_is_named_with_the_extra(missing, tmp_path, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("arviz")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InferenceError, match=rf"^{missing} cannot be imported.*motherlode\[arviz\]"):
        result(np.zeros((2, 10, 1))).save(tmp_path / "draws.nc")
    assert not list(tmp_path.iterdir())


def test_arviz_from_version_one_on_is_given_one_mapping_of_groups(monkeypatch):
    """The signature of arviz 1.x, which needs Python 3.12, is imitated here."""
    stub = ModuleType("arviz")
    stub.__version__, stub.from_dict = "1.3.0", lambda data, /: data
    monkeypatch.setitem(sys.modules, "arviz", stub)
    groups = result(np.ones((2, 10, 2))).to_arviz()
    assert sorted(groups) == ["posterior", "sample_stats"]
    assert groups["posterior"]["p1"].shape == (2, 10)


def test_summary_has_a_line_for_each_parameter():
    table = result(np.random.default_rng(0).normal(size=(2, 100, 3))).summary()
    assert [line.split()[0] for line in table.splitlines()[1:]] == ["p0", "p1", "p2"]
