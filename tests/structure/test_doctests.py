"""Every example in a docstring runs as written."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import motherlode

SOURCE = Path(__file__).resolve().parents[2] / "src/motherlode"
OPTIONAL = {"pyprob", "distributed", "dask", "arviz", "h5netcdf"}
WITH_EXAMPLES = sorted(path for path in SOURCE.rglob("*.py") if ">>>" in path.read_text())


def name_of(path):
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=name_of)
def test_examples_in_docstrings(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name_of(path))
    except ImportError as error:
        if error.name and error.name.split(".")[0] in OPTIONAL:
            pytest.skip(f"{error.name} is not installed")
        raise
    results = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0
    assert not list(tmp_path.iterdir()), "an example left files behind"


@pytest.mark.parametrize("name", sorted(set(motherlode.__all__) - {"__version__"}))
def test_every_name_of_the_top_level_has_an_example(name):
    assert ">>>" in inspect.getdoc(getattr(motherlode, name))
