"""Addresses are file:function:line, relative, and one for each place."""

import sys
import textwrap

import pytest

from motherlode.tracing import address_of, intern
from motherlode.tracing.addresses import relative_path, site_of_frame


def here():
    return site_of_frame(sys._getframe())


def mine():
    return site_of_frame(sys._getframe(1))


def test_interning_is_one_to_one():
    assert intern("x:1") == intern("x:1") != intern("x:2")
    assert address_of(intern("x:1")) == "x:1"


def test_an_address_names_file_function_and_line():
    assert address_of(here()) == f"tests/unit/tracing/test_tracing_addresses.py:here:{here.__code__.co_firstlineno + 1}"


def test_lines_are_told_apart_and_loops_are_not():
    one = mine()
    two = mine()
    assert one != two
    assert len({mine() for _ in range(3)}) == 1


def test_paths_are_never_absolute(tmp_path, monkeypatch):
    (tmp_path / "project/pkg").mkdir(parents=True)
    file = tmp_path / "project/pkg/sim.py"
    assert relative_path(str(file)) == "sim.py"
    monkeypatch.setattr(sys, "path", [str(tmp_path / "project"), *sys.path])
    assert relative_path(str(file)) == "pkg/sim.py"
    (tmp_path / "pyproject.toml").touch()
    assert relative_path(str(file)) == "project/pkg/sim.py"
    assert relative_path("<stdin>") == "<stdin>"


@pytest.mark.parametrize("folder", ["one", "two"])
def test_equal_code_in_two_files_has_two_addresses(tmp_path, folder):
    (tmp_path / folder).mkdir()
    source = textwrap.dedent("""
        def f(site):
            return site(0)
    """)
    file = tmp_path / folder / f"{folder}.py"
    space = {}
    exec(compile(source, file, "exec"), space)  # noqa: S102
    assert address_of(space["f"](lambda depth: site_of_frame(sys._getframe(1)))) == f"{folder}.py:f:3"
