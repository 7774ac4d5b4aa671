"""A version changes with all that a simulator's draws depend on, and with nothing else."""

import ast
import functools
import io
import logging
import subprocess
import sys
import textwrap
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy import stats

from motherlode.frontends.fingerprint import fingerprint
from motherlode.ppx.client.greeting import version_of
from motherlode.ppx.client.pool import Options
from motherlode.ppx.format.messages import HandshakeResult


def scaled(width):
    return lambda theta, rng: rng.normal(theta[0], width)


class Detector:
    def __init__(self, **state):
        vars(self).update(state)

    def __call__(self, theta, rng):
        return rng.normal(theta[0], 1.0)

    def run(self, theta, rng):
        return self(theta, rng)


def with_default(theta, rng, width=1.0):
    return rng.normal(theta[0], width)


def other_default(theta, rng, width=2.0):
    return rng.normal(theta[0], width)


PAIRS = {
    "closed over": lambda value: scaled(value),
    "argument of a partial": lambda value: functools.partial(with_default, width=value),
    "attribute": lambda value: Detector(width=value),
    "attribute of a method's object": lambda value: Detector(width=value).run,
    "nested": lambda value: scaled({"a": [1.0, {"b": (value,)}]}),
    "array": lambda value: scaled(np.full(3, value)),
    "tensor": lambda value: Detector(table=torch.full((2,), value)),
    "function inside": lambda value: Detector(inner=scaled(value)),
}


@pytest.mark.parametrize("make", PAIRS.values(), ids=PAIRS)
def test_a_number_inside_counts(make):
    assert fingerprint(make(1.0)) == fingerprint(make(1.0)) != fingerprint(make(2.0))


def test_defaults_count():
    other_default.__qualname__ = with_default.__qualname__
    assert fingerprint(with_default) != fingerprint(other_default)


def test_what_has_no_state_of_ours_is_named_only():
    assert fingerprint(Detector(rng=np.random.default_rng(1))) == fingerprint(Detector(rng=np.random.default_rng(2)))


def test_circles_end_and_shared_objects_are_walked_once():
    detector = Detector()
    detector.itself = [detector]
    for _ in range(60):
        detector = Detector(left=[detector], right=[detector])
    assert len(fingerprint(detector)) == 16


def test_of_objects_of_other_packages_values_count_and_their_surroundings_do_not():
    laws = (stats.norm(0.0, 1.0), stats.norm(0.0, 1.0), stats.norm(0.0, 2.0))
    one, same, other = (fingerprint(scaled(law)) for law in laws)
    assert one == same != other
    nets = (torch.nn.Linear(2, 1) for _ in range(2))
    assert len({fingerprint(Detector(net=torch.nn.Sequential(net))) for net in nets}) == 2
    plain = fingerprint(Detector(log=logging.getLogger("motherlode.test.one")))
    logging.getLogger("motherlode.test.another")
    assert fingerprint(Detector(log=logging.getLogger("motherlode.test.one"))) == plain


def test_an_object_that_changes_while_it_runs_keeps_its_version():
    import motherlode

    class Counting:
        calls = 0

        def __call__(self, theta, rng):
            self.calls += 1
            return rng.normal(theta[0], 1.0)

    simulator = motherlode.wrap(Counting(), "theta", 0.0, 1.0)
    before = simulator.version
    simulator.mine([[0.5]], [[0.4]])
    assert simulator.version == before


FILES = {
    "main.py": """
        import json
        from helper import width
        from tools.inner import shift

        def simulate(theta, rng):
            return rng.normal(theta[0] + shift(), width)
    """,
    "helper.py": "from deeper import width",
    "deeper.py": "width = {}",
    "tools/__init__.py": "",
    "tools/inner.py": """
        from . import sibling

        def shift():
            return sibling.SHIFT
    """,
    "tools/sibling.py": "SHIFT = {}",
    "unrelated.py": "NUMBER = {}",
}


@pytest.mark.parametrize(("file", "counts"), [("deeper.py", True), ("tools/sibling.py", True), ("unrelated.py", False)])
def test_files_that_are_imported_count(tmp_path, file, counts):
    def version(number):
        for name, text in FILES.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text).format(number if name == file else 1))
        code = "import motherlode, main; print(motherlode.wrap(main.simulate, 'theta', 0, 1).version)"
        command = [sys.executable, "-B", "-c", code]
        return subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout

    assert version(1) == version(1)
    assert (version(1) != version(2)) == counts


def test_code_without_a_file_counts_with_what_it_closed_over():
    code = """
import motherlode
def make(width):
    return lambda theta, rng: rng.normal(theta[0], width)
class Detector:
    def __call__(self, theta, rng):
        return rng.normal(theta[0], {inside})
print([motherlode.wrap(each, "theta", 0, 1).version for each in (make({outside}), Detector())])
"""

    def versions(inside, outside):
        command = [sys.executable, "-c", code.format(inside=inside, outside=outside)]
        return ast.literal_eval(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    first, again, other = versions(1.0, 1.0), versions(1.0, 1.0), versions(2.0, 2.0)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_a_pyro_model_counts_with_its_constants():
    import motherlode

    def model(width):
        def board(theta):
            import pyro

            return pyro.sample("x", pyro.distributions.Normal(theta, width))

        return board

    one, same, other = (motherlode.wrap(model(width), "theta", 0.0, 1.0).version for width in (1.0, 1.0, 2.0))
    assert one == same != other


def test_words_of_a_command_line_count(tmp_path):
    card = tmp_path / "card.yml"
    card.write_text("a: 1")
    copy = tmp_path / "copy.yml"
    copy.write_text("a: 1")
    peer = HandshakeResult("ours", "model")

    def version(*words):
        return version_of(peer, Options(argv=words))

    assert version("./sim", "--resolution", "2") != version("./sim", "--resolution", "3")
    assert version("./sim", str(card)) == version("./sim", str(copy))
    assert version("./sim", f"--card={card}") == version("./sim", f"--card={copy}") != version("./sim", "--card=none")
    assert version("./sim", "x" * 5000) != version("./sim", "x" * 5001)
    before = version("./sim", f"--card={card}")
    card.write_text("a: 2")
    assert version("./sim", f"--card={card}") != before


class Untouchable:
    """Whatever is asked of it, it fails."""

    def __getattribute__(self, name):
        raise AssertionError(name)

    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __eq__ = __call__ = lambda *_: pytest.fail("touched")
    __hash__ = lambda self: 0  # noqa: E731


class Shelf(dict):
    def items(self):
        pytest.fail("touched")

    __iter__ = __getitem__ = __len__ = keys = values = lambda *_: pytest.fail("touched")


class Name(str):
    __slots__ = ()

    def __repr__(self):
        pytest.fail("touched")


def untouchable_array():
    array = np.empty(2, dtype=object)
    array[0] = Untouchable()
    return array


class Lazy:
    """As proxies do: attributes are made when they are asked for."""

    __dict__ = property(lambda self: pytest.fail("touched"))

    def __getattr__(self, name):
        pytest.fail("touched")


HELD = {
    "object": Untouchable,
    "key": lambda: {Untouchable(): 1.0},
    "array of objects": untouchable_array,
    "mapping": lambda: Shelf(a=1.0),
    "text": lambda: Name("a"),
    "proxy": Lazy,
    "class": lambda: Untouchable,
}


@pytest.mark.parametrize("name", HELD)
def test_nothing_that_a_simulator_holds_is_called_or_touched(name):
    assert len(fingerprint(scaled(HELD[name]()))) == 16
    assert len(fingerprint(Detector(held=HELD[name]()))) == 16


def test_streams_stay_open(tmp_path):
    path = tmp_path / "log"
    with path.open("w") as file:
        handler = logging.StreamHandler(io.TextIOWrapper(io.BytesIO()))
        binary = io.BytesIO(b"abc")
        fingerprint(Detector(file=file, handler=handler, out=sys.stdout, err=sys.stderr, raw=binary))
        fingerprint(scaled([file, handler, sys.stdout, sys.stdout.buffer, binary]))
        file.write("more")
        handler.stream.write("more")
        assert binary.read() == b"abc"
    assert path.read_text() == "more"
    sys.stdout.flush()


def test_modules_are_named_and_those_of_the_user_are_read(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)

    def version(text):
        (tmp_path / "constants_of_mine.py").write_text(text)
        module = ModuleType("constants_of_mine")
        module.__file__ = str(tmp_path / "constants_of_mine.py")
        return fingerprint(scaled(module))

    assert version("WIDTH = 1") == version("WIDTH = 1") != version("WIDTH = 2")
    assert fingerprint(scaled(torch)) == fingerprint(scaled(torch)) != fingerprint(scaled(np))


@pytest.mark.parametrize(
    "tensor", [torch.ones(2, dtype=torch.bfloat16), torch.eye(2).to_sparse(), torch.empty(2, device="meta")]
)
def test_tensors_of_any_kind_can_be_held(tensor):
    assert len(fingerprint(scaled(tensor))) == 16
    assert fingerprint(scaled(torch.ones(2, dtype=torch.bfloat16))) != fingerprint(
        scaled(torch.zeros(2, dtype=torch.bfloat16))
    )
