"""Folders of results: the demo keeps what is the user's, and nothing is computed that could not be saved."""


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


def test_a_model_that_could_not_be_saved_is_not_trained(command, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "file").write_text("")
    result = command("train", tmp_path / "store", "--out", tmp_path / "file" / "model")
    assert result.exit_code == 2
    assert "nothing was computed" in " ".join(result.output.split())


def test_a_demo_whose_folder_is_a_file_is_refused(command, tmp_path):
    (tmp_path / "file").write_text("mine")
    result = command("demo", "--quick", "--simulator", "python", "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert "cannot be made a directory" in " ".join(result.output.split())
    assert (tmp_path / "file").read_text() == "mine"
