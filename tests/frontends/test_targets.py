"""Targets on the command line: files, their neighbours, and what is wrong with them."""

import pickle
import sys

import cloudpickle
import numpy as np
import pytest

import motherlode
from motherlode.campaign import Campaign
from motherlode.frontends.errors import NotWrappable
from motherlode.frontends.targets import load_module, open_target

SOURCE = "PARAMETERS, LOW, HIGH = ('mu',), (0.0,), (1.0,)\ndef sim(theta, rng):\n    return rng.normal(theta[0], {})\n"


@pytest.fixture(autouse=True)
def same_path():
    before = list(sys.path)
    yield
    sys.path[:] = before


def test_a_file_says_its_own_parameters(tmp_path):
    (tmp_path / "a.py").write_text(SOURCE.format(1.0))
    simulator = open_target(f"{tmp_path}/a.py:sim")
    assert simulator.parameters == motherlode.Parameters(("mu",), (0.0,), (1.0,))
    with pytest.raises(NotWrappable, match=r"says its parameters are \('mu',\)"):
        open_target(f"{tmp_path}/a.py:sim", ("nu",))


def test_a_changed_file_is_read_again(tmp_path):
    """A stale function under the hash of its new source would mix two simulators in one store."""
    file = tmp_path / "b.py"
    file.write_text(SOURCE.format(1.0))
    first = open_target(f"{file}:sim")
    assert load_module(file) is load_module(file)
    old = first.simulate([[0.5]])
    file.write_text(SOURCE.format(10.0))
    second = open_target(f"{file}:sim")
    assert second.simulate([[0.5]]) != old


def test_a_file_that_fails_once_is_tried_again(tmp_path):
    file = tmp_path / "c.py"
    file.write_text("import no_such_module\n")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError):
            load_module(file)
    file.write_text(SOURCE.format(1.0))
    assert open_target(f"{file}:sim").name == "sim"


def test_two_files_of_one_name(tmp_path):
    files = []
    for folder, width in (("one", 1.0), ("two", 5.0)):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "same.py")
        files[-1].write_text(SOURCE.format(width))
    one, two = (open_target(f"{file}:sim") for file in files)
    assert one.simulate([[0.0]])[0] * 5 == pytest.approx(two.simulate([[0.0]])[0])
    copied = pickle.loads(cloudpickle.dumps(one))  # noqa: S301
    np.testing.assert_array_equal(copied.simulate([[0.5]]), one.simulate([[0.5]]))


def test_neighbours_can_be_imported_here_and_in_workers(tmp_path):
    (tmp_path / "neighbour_of_d.py").write_text(
        "def width():\n    import other_neighbour_of_d as o\n    return o.WIDTH\n"
    )
    (tmp_path / "other_neighbour_of_d.py").write_text("WIDTH = 2.0\n")
    source = "import neighbour_of_d\ndef sim(theta, rng):\n    return rng.normal(theta[0], neighbour_of_d.width())\n"
    (tmp_path / "d.py").write_text(source)
    simulator = open_target(f"{tmp_path}/d.py:sim", ("mu",))
    campaign = Campaign(simulator, "mu=0:1", events=40, shard=20, path=tmp_path / "store")
    assert len(campaign.run(workers=2, progress=False).load()) == 40


@pytest.mark.parametrize(
    ("target", "match"),
    [("{0}/nowhere.py:f", "There is no file"), ("{0}/e.py", "no function in it"), ("{0}/e.py:g", "It has: sim")],
)
def test_targets_that_are_none(tmp_path, target, match):
    (tmp_path / "e.py").write_text(SOURCE.format(1.0))
    with pytest.raises(NotWrappable, match=match):
        open_target(target.format(tmp_path))
