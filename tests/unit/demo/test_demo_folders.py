"""The demo clears a folder that it marked itself, and no other."""

import pytest

from motherlode.demo.folders import FolderTaken, claim_folder


def test_what_the_demo_marked_is_cleared(tmp_path):
    claim_folder(tmp_path / "events")
    (tmp_path / "events" / "shards").mkdir()
    (tmp_path / "events" / "manifest.json").write_text("{")
    claim_folder(tmp_path / "events")
    (mark,) = (tmp_path / "events").iterdir()
    assert "motherlode demo made this folder" in mark.read_text()


def test_an_empty_folder_is_taken_and_a_full_one_refused(tmp_path):
    (tmp_path / "events").mkdir()
    claim_folder(tmp_path / "events")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(FolderTaken, match="did not mark as its own") as caught:
        claim_folder(tmp_path / "full")
    assert caught.value.path == tmp_path / "full"
    assert (tmp_path / "full" / "mine").read_text() == "mine"
