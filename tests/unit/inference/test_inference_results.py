"""Convergence diagnostics against arviz and against chains whose answer is known."""

import warnings

import numpy as np
import pytest

from motherlode.inference import ConvergenceWarning, PosteriorSamples
from motherlode.inference.convergence import ess_bulk, ess_mean, ess_tail, split_rhat


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
        assert ess_bulk(draws) == pytest.approx(float(arviz.ess(draws, method="bulk")), rel=0.02)
        assert ess_mean(draws) == pytest.approx(float(arviz.ess(draws, method="mean")), rel=0.02)
        assert ess_tail(draws) == pytest.approx(float(arviz.ess(draws, method="tail")), rel=0.05)
        if chains > 1:
            assert split_rhat(draws) == pytest.approx(float(arviz.rhat(draws)), abs=1e-3)


def test_effective_sample_size_of_an_autoregressive_chain():
    draws = autoregressive(0.8, (8, 20_000))
    assert ess_mean(draws) == pytest.approx(draws.size * 0.2 / 1.8, rel=0.1)


def test_one_stuck_chain_is_named():
    draws = np.random.default_rng(0).normal(size=(4, 500, 2))
    draws[2, :, 1] += 5.0
    with pytest.warns(ConvergenceWarning, match=r"'p1'.*chain 2 stays around 4.9"):
        result(draws).warn()


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


def test_summary_has_a_line_for_each_parameter():
    table = result(np.random.default_rng(0).normal(size=(2, 100, 3))).summary()
    assert [line.split()[0] for line in table.splitlines()[1:]] == ["p0", "p1", "p2"]
