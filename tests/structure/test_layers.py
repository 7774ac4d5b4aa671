"""Each layer imports only to its left, and heavy packages enter where the map of the house lets them in."""

import ast
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src/motherlode"

LEFT = ["core", "families", "laws", "tracing", "events", "store", "gold"]
ORDERS = [
    [
        *LEFT,
        "campaign",
        "estimators",
        "losses",
        "training",
        "inference",
        "design",
        "diagnostics",
        "plots",
        "demo",
        "cli",
    ],
    [*LEFT, "ppx", "frontends", "demo", "cli"],
]
OUTSIDE = {"__init__", "__main__", "_version"}

TORCH = {"estimators", "losses", "training", "inference", "design", "diagnostics", "plots", "demo", "cli"}
PLOTS = {"plots", "demo"}


def modules():
    return sorted(path for path in SOURCE.rglob("*.py"))


def name_of(path):
    relative = path.relative_to(SOURCE).with_suffix("")
    return ".".join(part for part in relative.parts if part != "__init__")


def layer_of(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path):
    """Yield the full name of everything a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import; write it in full"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            yield from (value.value for value in node.args if isinstance(value, ast.Constant))


def may_import(layer, other):
    return layer == other or any(
        layer in order and other in order and order.index(other) < order.index(layer) for order in ORDERS
    )


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_point_left(path):
    layer = layer_of(path)
    if layer in OUTSIDE:
        return
    assert any(layer in order for order in ORDERS), f"{layer} is no layer of the house"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "motherlode" or len(parts) == 1 or parts[1] in OUTSIDE:
            continue
        assert may_import(layer, parts[1]), f"{name_of(path)} imports {name}, to its right"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_heavy_packages_stay_where_they_belong(path):
    name = name_of(path)
    layer = layer_of(path)
    packages = {imported.split(".")[0] for imported in imports(path)}
    if layer not in TORCH and not name.startswith(("frontends.pyro", "frontends.pyprob")):
        assert not packages & {"torch", "pyro", "nflows", "zuko", "matplotlib", "sklearn", "arviz"}, name
    if layer != "ppx":
        assert "zmq" not in packages, f"{name} imports zmq"
        assert "flatbuffers" not in packages, f"{name} imports flatbuffers"
    if not (name.startswith("estimators.density") and "flows" in path.stem):
        assert "nflows" not in packages, f"{name} imports nflows"
    if not name.startswith("frontends.pyprob"):
        assert "pyprob" not in packages, f"{name} imports pyprob"
    if layer not in PLOTS:
        assert "matplotlib" not in packages, f"{name} imports matplotlib"


def test_no_public_name_is_a_subpackage():
    import motherlode

    folders = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    assert set(motherlode.__all__) & folders == {"losses"}
    assert motherlode.losses is importlib.import_module("motherlode.losses")


def test_no_import_of_private_names_across_layers():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("motherlode."):
                other = node.module.split(".")[1]
                private = [alias.name for alias in node.names if alias.name.startswith("_")]
                assert not private or other in {layer_of(path), "_version"}, f"{name_of(path)} imports {private}"


def test_every_folder_is_a_package():
    for folder in {path.parent for path in modules()}:
        assert (folder / "__init__.py").exists(), f"{folder} has no __init__.py"


def test_the_rule_can_fail():
    assert may_import("gold", "events")
    assert may_import("frontends", "ppx")
    assert may_import("cli", "plots")
    assert not may_import("events", "gold")
    assert not may_import("campaign", "frontends")
    assert not may_import("training", "frontends")
    assert not may_import("ppx", "campaign")
