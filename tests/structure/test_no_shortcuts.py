"""No shortcut stands in the source: asserts, bare excepts, TODOs, prints, huge files."""

import ast
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sorted((ROOT / "src/motherlode").rglob("*.py"))
CPP = sorted(path for path in (ROOT / "src/cpp").rglob("*") if path.suffix in {".hpp", ".cpp", ".h"})

BROAD = {"Exception", "BaseException"}
LONGEST = 300


def relative(path):
    return str(path.relative_to(ROOT))


def comments(path):
    with tokenize.open(path) as file:
        return [token.string for token in tokenize.generate_tokens(file.readline) if token.type == tokenize.COMMENT]


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_python(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        where = f"{relative(path)}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.Assert), f"{where}: assert; raise an error that says what to do"
        assert not isinstance(node, ast.Global), f"{where}: global state"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{where}: bare except"
            caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
            line = path.read_text().splitlines()[node.lineno - 1]
            reraises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            assert not caught & BROAD or reraises or "noqa: BLE001 - " in line, f"{where}: a broad except says why"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "breakpoint"}, f"{where}: {node.func.id}"


@pytest.mark.parametrize("path", PYTHON + CPP, ids=relative)
def test_nothing_is_put_off(path):
    found = re.findall(r"\b(TODO|FIXME|XXX|HACK)\b.*", path.read_text())
    assert not found, f"{relative(path)}: {found}"


@pytest.mark.parametrize("path", PYTHON + CPP, ids=relative)
def test_files_stay_short(path):
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST, f"{relative(path)} has {lines} lines; take out an idea of its own"


@pytest.mark.parametrize("path", CPP, ids=relative)
def test_cpp_never_exits(path):
    code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"(?<![\w:.])(std::)?(exit|abort|_Exit|quick_exit)\s*\(", code), relative(path)


def test_pickle_stays_off_wire_and_disk():
    for path in PYTHON:
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert "pickle" not in names, relative(path)


def test_comments_are_rare():
    """Fewer than two in a hundred lines; directives for tools do not count."""
    lines = sum(len(path.read_text().splitlines()) for path in PYTHON)
    words = [
        c for path in PYTHON for c in comments(path) if not re.match(r"#\s*(noqa|type:|pragma|fmt:|ruff:|mypy:)", c)
    ]
    assert len(words) < 0.02 * lines


def test_functions_are_short():
    lengths = sorted(
        node.end_lineno - node.body[0].lineno + 1 - docstring_lines(node)
        for path in PYTHON
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    assert lengths[len(lengths) // 2] <= 8
    assert lengths[int(0.9 * len(lengths))] <= 25


def docstring_lines(node):
    first = node.body[0]
    documented = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return first.end_lineno - first.lineno + 1 if documented else 0
