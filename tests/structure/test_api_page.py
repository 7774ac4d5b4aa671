"""docs/api.md lists every public name, by its public path, with its signature."""

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def writer():
    """The script that writes the page."""
    specification = importlib.util.spec_from_file_location("write_api", ROOT / "tools" / "write_api.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules["write_api"] = module
    specification.loader.exec_module(module)
    return module


def test_the_page_is_what_the_source_says(writer):
    assert writer.page() == writer.PAGE.read_text(), "run: python tools/write_api.py"


def test_every_public_name_is_on_the_page(writer):
    """Read from the packages themselves, not from the source as the writer does."""
    page = writer.PAGE.read_text()
    for package in writer.packages():
        if "pyprob" in package:
            continue
        module = importlib.import_module(package)
        for name in set(module.__all__) - {"__version__", "losses"}:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isroutine(value):
                assert f".{name}" in page, f"{package}.{name}"


def test_the_writer_reads_types_as_they_are_written(writer):
    page = writer.page()
    assert (
        ".. autofunction:: motherlode.wrap(simulator: UserValue, parameters: str | Sequence[str] | Parameters" in page
    )
    assert ".. autoclass:: motherlode.EventStore(path: str | Path)" in page
    assert "   .. automethod:: load(" in page
