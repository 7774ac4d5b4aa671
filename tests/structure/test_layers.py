"""Each layer imports only to its left, no modules import each other, and heavy packages enter where they may."""

import ast
import importlib
from itertools import chain

import pytest
from count import LIMITS, SOURCE, House, cycles_of

HOUSE = House(SOURCE)

LEFT = ["core", "families", "laws", "tracing", "events", "store", "gold"]
LEARNING = ["campaign", "estimators", "losses", "training", "inference", "latents", "design", "diagnostics", "plots"]
USERS = ["demo", "cli"]
ORDERS = [[*LEFT, *LEARNING, *USERS], [*LEFT, "ppx", "frontends", *USERS]]
OUTSIDE = {"", "__main__", "_version"}
"""The lazy top of the package and its two small modules."""

ADAPTED = {"laws.adapters", "estimators.laws.encoding"}
"""Modules that read the table of adapters, which stands at the top because it points to the right."""

TORCH = (*LEARNING[1:], *USERS)
ENTRANCES = {
    "torch": (*TORCH, "frontends.pyro", "frontends.pyprob"),
    "pyro": (*TORCH, "frontends.pyro"),
    "zuko": TORCH,
    "sklearn": TORCH,
    "arviz": TORCH,
    "nflows": ("estimators.density",),
    "matplotlib": ("plots", "demo"),
    "zmq": ("ppx",),
    "flatbuffers": ("ppx",),
    "numba": ("frontends.compiled",),
    "pyprob": ("frontends.pyprob",),
}
"""Where in the house each heavy package may be imported."""


def inside(name):
    """Return a module's name without the package's."""
    return name.partition(".")[2]


def layer_of(name):
    return inside(name).partition(".")[0]


def may_import(layer, other):
    orders = [order for order in ORDERS if layer in order and other in order]
    return layer == other or any(order.index(other) < order.index(layer) for order in orders)


def unknown_layers(house):
    known = {*chain(*ORDERS), *OUTSIDE}
    return [f"{name} is in no layer of the house" for name in house if layer_of(name) not in known]


def to_the_right(house):
    (top, *_) = house
    for name, module in house.items():
        for base, imported in module.imports():
            other = imported if base == top else layer_of(base)
            if base.partition(".")[0] != top or {layer_of(name), other} & OUTSIDE or f"{top}.{other}" not in house:
                continue
            if not may_import(layer_of(name), other):
                yield f"{name} imports {base}.{imported}, to its right"


def from_the_top(house):
    (top, *_) = house
    for name, module in house.items():
        for base, imported in module.imports():
            allowed = layer_of(name) in {*OUTSIDE, *USERS} or inside(name) in ADAPTED
            if base == top and f"{top}.{imported}" not in house and not allowed:
                yield f"{name} imports {imported or top} from the lazy top of the package"


def misplaced(house):
    for name, module in house.items():
        for package in {base.partition(".")[0] for base, _ in module.imports()} & ENTRANCES.keys():
            if not any(f"{inside(name)}.".startswith(f"{entrance}.") for entrance in ENTRANCES[package]):
                yield f"{name} imports {package}"


def relative(house):
    for name, module in house.items():
        if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(module.tree)):
            yield f"{name} has a relative import"


def private(house):
    (top, *_) = house
    for name, module in house.items():
        for base, imported in module.imports():
            ours = base.startswith(f"{top}.") and layer_of(base) not in {layer_of(name), "_version"}
            if ours and imported.startswith("_"):
                yield f"{name} imports the private {imported} of {base}"


def without_init(house):
    packages = {module.path.parent for module in house.values()}
    return [f"{folder} has no __init__.py" for folder in sorted(packages) if not (folder / "__init__.py").exists()]


RULES = [unknown_layers, to_the_right, from_the_top, misplaced, relative, private, without_init]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule):
    assert list(rule(HOUSE)) == []


def test_no_modules_import_each_other():
    assert len(cycles_of(HOUSE.links())) <= LIMITS["import cycles"]


def test_no_public_name_is_a_subpackage():
    import motherlode

    folders = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    assert set(motherlode.__all__) & folders == {"losses"}
    assert motherlode.losses is importlib.import_module("motherlode.losses")


def built(root, **texts):
    """Write a made-up package and return it as a house; ``a__b`` is the module b of the folder a."""
    root = root / "toy"
    for name, text in {"__init__": "", **texts}.items():
        path = root.joinpath(*name.removesuffix("__init__").rstrip("_").split("__")) if name != "__init__" else root
        path = path / "__init__.py" if name.endswith("__init__") else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return House(root)


SOUND = {
    "core____init__": "",
    "core__files": "import numpy",
    "gold____init__": "from toy.gold.replay import mine",
    "gold__replay": "from toy.core import files\nfrom toy.core.files import write",
    "estimators____init__": "import torch",
    "ppx____init__": "import zmq",
    "frontends____init__": "",
    "frontends__pyro": "import torch, pyro\nfrom toy.ppx import connect",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_sound_house_passes(rule, tmp_path):
    assert list(rule(built(tmp_path, **SOUND))) == []


BROKEN = [
    (unknown_layers, {"cellar": ""}),
    (to_the_right, {"core__files": "from toy.gold.replay import mine"}),
    (to_the_right, {"core__files": "import toy.gold.replay"}),
    (to_the_right, {"core__files": "from toy import gold"}),
    (to_the_right, {"core__files": "def read():\n    from toy.gold import replay"}),
    (to_the_right, {"core__files": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import toy.gold"}),
    (to_the_right, {"core__files": "import importlib\nimportlib.import_module('toy.gold.replay')"}),
    (to_the_right, {"ppx____init__": "from toy.estimators import train"}),
    (to_the_right, {"estimators____init__": "from toy.frontends.pyro import mining"}),
    (from_the_top, {"gold__replay": "from toy import train"}),
    (from_the_top, {"gold__replay": "def f():\n    import toy\n    return toy.train"}),
    (misplaced, {"gold__replay": "def score():\n    import torch"}),
    (misplaced, {"frontends__python": "import pyro"}),
    (misplaced, {"frontends__pyrox": "import pyro"}),
    (misplaced, {"gold__replay": "import zmq.asyncio"}),
    (relative, {"gold__replay": "from . import check"}),
    (private, {"gold__replay": "from toy.core.files import _write"}),
    (without_init, {"store__shards": ""}),
]


@pytest.mark.parametrize(("rule", "change"), BROKEN)
def test_each_rule_can_fail(rule, change, tmp_path):
    assert len(list(rule(built(tmp_path, **{**SOUND, **change})))) == 1


CYCLES = [
    {"gold__a": "from toy.gold import b", "gold__b": "from toy.gold.a import x"},
    {"gold__a": "def f():\n    from toy.gold.b import y", "gold__b": "from toy.gold.a import x"},
    {"gold__a": "if TYPE_CHECKING:\n    from toy.gold.b import Y", "gold__b": "import toy.gold.a"},
    {"gold__a": "import toy.gold.b", "gold__b": "import toy.gold.c", "gold__c": "import toy.gold.a"},
    {"gold____init__": "from toy.gold.a import x", "gold__a": "from toy.gold import y"},
]


@pytest.mark.parametrize("modules", CYCLES)
def test_cycles_are_found(modules, tmp_path):
    (cycle,) = cycles_of(built(tmp_path, **modules).links())
    assert len(cycle) == max(2, len([name for name in modules if name != "gold____init__"]))


def test_a_house_without_cycles_has_none(tmp_path):
    assert cycles_of(built(tmp_path, **SOUND).links()) == []
    ends = {"gold__a": "from toy.gold import b, c", "gold__d": ""}
    diamond = {**ends, "gold__b": "from toy.gold.d import x", "gold__c": "import toy.gold.d"}
    assert cycles_of(built(tmp_path, **diamond).links()) == []
