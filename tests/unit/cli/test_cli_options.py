"""Options that would do nothing are refused, and numbers out of range end with a text; so do audits that fail."""

from dataclasses import replace

import numpy as np
import pytest

from motherlode.store import EventStore

SOURCE = "def normal(theta, rng):\n    return rng.normal(theta[0], 1.0)\n"


@pytest.fixture
def target(tmp_path):
    (tmp_path / "normal.py").write_text(SOURCE)
    return f"{tmp_path / 'normal.py'}:normal"


@pytest.fixture
def mine(command, target, tmp_path):
    """Return a function that mines a few events with more options."""
    fixed = ("mine", target, "--prior", "theta=-1:1", "--events", 50, "--out", tmp_path / "store")
    return lambda *more: command(*fixed, *more)


def text_of(result):
    return " ".join(result.output.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--dask", "tcp://127.0.0.1:1", "--workers", 1], "--workers would do nothing with --dask"),
        (["--timeout", 5], "a Python function runs without a deadline"),
        (["--timeout", -5], "x>0"),
        (["--timeout", "nan"], "nan is not a number"),
        (["--seed", -1], "x>=0"),
    ],
)
def test_mine_refuses_what_it_would_ignore_or_cannot_do(mine, tmp_path, options, words):
    result = mine(*options)
    assert result.exit_code == 2, result.output
    assert words.replace("x>=0", "0<=x") in text_of(result)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("address", ["nowhere://127.0.0.1:1", "tcp://127.0.0.1:1"])
def test_an_unreachable_scheduler_is_named(mine, address):
    dask = pytest.importorskip("dask", reason="the extra dask is not installed")
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    with dask.config.set({"distributed.comm.timeouts.connect": "200ms"}):
        result = mine("--dask", address)
    assert result.exit_code == 1
    assert f"No Dask scheduler answers at {address}" in text_of(result)


@pytest.mark.parametrize(("verdict", "status"), [("failed", 1), ("undecided", 0), ("passed", 0)])
def test_mine_ends_with_status_one_where_the_audit_fails(mine, monkeypatch, verdict, status):
    audit = EventStore.audit

    def judged(store):
        found = audit(store)
        return replace(found, ratios=tuple(replace(check, verdict=verdict) for check in found.ratios))

    monkeypatch.setattr(EventStore, "audit", judged)
    result = mine()
    assert result.exit_code == status
    assert ("it would be wrong too" in text_of(result)) == bool(status)
    assert "50 events, 0 failures" in result.output


@pytest.mark.parametrize("method", ["vi", "direct"])
def test_infer_refuses_chains_where_there_are_none(exact_model, command, tmp_path, method):
    np.save(tmp_path / "observed.npy", np.zeros((5, 1)))
    fixed = ("infer", exact_model(a=(-1.0, 1.0)), "--observed", tmp_path / "observed.npy", "--out", tmp_path / "out")
    result = command(*fixed, "--method", method, "--chains", 20)
    assert result.exit_code == 2
    assert f"--chains would do nothing with --method {method}" in text_of(result)


@pytest.mark.parametrize("option", [("--chains", 0), ("--samples", 0), ("--seed", -1)])
def test_infer_refuses_numbers_out_of_range(exact_model, command, tmp_path, option):
    np.save(tmp_path / "observed.npy", np.zeros((5, 1)))
    fixed = ("infer", exact_model(a=(-1.0, 1.0)), "--observed", tmp_path / "observed.npy", "--out", tmp_path / "out")
    result = command(*fixed, *option)
    assert result.exit_code == 2
    assert f"Invalid value for '{option[0]}'" in result.output


def test_check_refuses_a_negative_seed(command, target):
    result = command("check", target, "--prior", "theta=-1:1", "--seed", -1)
    assert result.exit_code == 2
    assert "Invalid value for '--seed'" in result.output


@pytest.mark.parametrize("option", [("--toys", 50), ("--simulator", "board.py:board")])
def test_limits_by_wilks_refuses_what_toys_need(exact_model, command, tmp_path, option):
    np.save(tmp_path / "observed.npy", np.zeros((5, 1)))
    fixed = ("limits", exact_model(a=(-1.0, 1.0)), "--observed", tmp_path / "observed.npy", "--out", tmp_path / "out")
    result = command(*fixed, "--method", "wilks", *option)
    assert result.exit_code == 2
    assert f"{option[0]} would do nothing with --method wilks" in text_of(result)


@pytest.mark.parametrize("method", ["Loss", "loss_function", "alics", "__doc__"])
def test_train_names_the_losses_it_knows(command, tmp_path, method):
    result = command("train", tmp_path, "--method", method, "--out", tmp_path / "model.pt")
    assert result.exit_code == 2
    assert "alices" in result.output
    assert "loss_function," not in result.output
