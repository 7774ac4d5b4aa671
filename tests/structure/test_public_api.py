"""What is public is listed, documented and there; importing it costs next to nothing."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import motherlode

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/motherlode"
FILES = sorted(SOURCE.rglob("*.py"))
OPTIONAL = {"pyprob", "distributed", "dask", "arviz", "h5netcdf"}

CONTRACT = (
    *("wrap", "mining", "launch", "connect", "Events", "EventStore", "Campaign", "train", "losses", "load"),
    *("RatioEstimator", "LikelihoodEstimator", "PosteriorEstimator", "ScoreEstimator", "Ensemble"),
    *("posterior", "limits"),
)


def name_of(path):
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


def module_of(path):
    try:
        return importlib.import_module(name_of(path))
    except ImportError as error:
        if error.name and error.name.split(".")[0] in OPTIONAL:
            pytest.skip(f"{error.name} is not installed")
        raise


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_module_says_what_it_is_and_what_it_offers(path):
    if path.name == "__main__.py":
        return
    tree = ast.parse(path.read_text())
    text = ast.get_docstring(tree)
    if path.name != "_version.py":
        assert text, f"{path} has no docstring"
        assert text.split("\n\n")[0].rstrip().endswith((".", ":", "?")), f"{path}: a first sentence"
    module = module_of(path)
    assert hasattr(module, "__all__"), f"{path} has no __all__"
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "__main__.py"], ids=name_of)
def test_public_names_exist_and_are_documented(path):
    module = module_of(path)
    for name in module.__all__:
        value = getattr(module, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)) or value.__module__ != module.__name__:
            continue
        assert inspect.getdoc(value), f"{module.__name__}.{name} has no docstring"
        if inspect.isclass(value):
            for member, function in vars(value).items():
                plain = getattr(function, "fget", None) or getattr(function, "__func__", function)
                if member.startswith("_") or not inspect.isfunction(plain):
                    continue
                assert inspect.getdoc(getattr(value, member)) or inspect.getdoc(plain), f"{name}.{member}"


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contracts_names_are_there(name):
    assert name in motherlode.__all__
    assert getattr(motherlode, name) is not None


def test_names_that_are_not_there():
    with pytest.raises(AttributeError, match="no attribute 'nugget'"):
        motherlode.nugget
    assert set(dir(motherlode)) >= set(CONTRACT)


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_is_lazy():
    code = "import sys, motherlode; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = set(run(code).split())
    assert not loaded & {"numpy", "scipy", "torch", "pyro", "pyarrow", "zmq", "matplotlib", "click"}


def test_workers_never_pay_for_torch():
    code = """
import sys
import motherlode.campaign, motherlode.gold, motherlode.events, motherlode.frontends.python, motherlode.frontends.remote
motherlode.wrap(lambda theta, rng: rng.normal(theta[0], 1.0), "theta", 0, 1).mine([[0.5]], [[0.6]])
print(*sorted({m.split('.')[0] for m in sys.modules}))
"""
    assert not set(run(code).split()) & {"torch", "pyro", "matplotlib", "sklearn", "nflows", "zuko"}


def test_families_need_numpy_and_scipy_only():
    code = "import sys, motherlode.tracing; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    assert not set(run(code).split()) & {"pyarrow", "torch", "zmq", "yaml", "tqdm"}


def test_importing_leaves_no_trace():
    code = """
import numpy as np, scipy.sparse, scipy.special, scipy.stats, pyarrow.parquet, zmq, click, warnings, locale, os
before = (np.geterr(), np.get_printoptions(), warnings.filters[:], locale.getlocale(), dict(os.environ))
import motherlode, motherlode.campaign, motherlode.frontends.python, motherlode.frontends.remote, motherlode.cli
after = (np.geterr(), np.get_printoptions(), warnings.filters[:], locale.getlocale(), dict(os.environ))
print(before == after)
"""
    assert run(code).strip() == "True"


def test_the_version_is_one():
    from importlib.metadata import version

    assert motherlode.__version__ == version("motherlode")
    assert re.match(r"\d+\.\d+", motherlode.__version__)


@pytest.mark.parametrize("option", ["--cmakedir", "--includedir"])
def test_build_systems_find_the_headers(option):
    command = [sys.executable, "-m", "motherlode", option]
    folder = Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    assert folder.is_dir()
    assert list(folder.rglob("*.cmake" if option == "--cmakedir" else "*.hpp"))
