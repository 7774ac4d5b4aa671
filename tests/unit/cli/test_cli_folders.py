"""Folders of results: the demo clears what it marked itself, and nothing of the user's."""

import click
import pytest

from motherlode.cli.folders import claim_folder


def test_the_demo_keeps_a_store_of_the_same_name(command, tmp_path):
    """A store mined by hand from a simulator called galton is the user's own."""
    source = tmp_path / "board.py"
    source.write_text("def galton(theta, rng):\n    return rng.normal(theta[0], 1.0)\n")
    store = tmp_path / "out" / "events"
    mined = command("mine", f"{source}:galton", "--prior", "theta=-1:1", "--events", 50, "--out", store)
    assert mined.exit_code == 0, mined.output
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    result = command("demo", "--quick", "--simulator", "python", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "did not mark as its own" in " ".join(result.output.split())
    assert before == {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_what_the_demo_marked_is_cleared(tmp_path):
    claim_folder(tmp_path / "events")
    (tmp_path / "events" / "shards").mkdir()
    (tmp_path / "events" / "manifest.json").write_text("{")
    claim_folder(tmp_path / "events")
    (mark,) = (tmp_path / "events").iterdir()
    assert "motherlode demo made this folder" in mark.read_text()


def test_an_empty_folder_is_taken_and_a_file_refused(tmp_path):
    (tmp_path / "events").mkdir()
    claim_folder(tmp_path / "events")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(click.BadParameter, match="cannot be made a directory"):
        claim_folder(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_model_that_could_not_be_saved_is_not_trained(command, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "file").write_text("")
    result = command("train", tmp_path / "store", "--out", tmp_path / "file" / "model")
    assert result.exit_code == 2
    assert "nothing was computed" in " ".join(result.output.split())
