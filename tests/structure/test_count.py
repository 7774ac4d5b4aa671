"""The count script counts what it says, on a small made-up tree, and fails over a limit."""

import subprocess
import sys
from pathlib import Path

import pytest
from count import House, findings

SCRIPT = Path(__file__).resolve().parents[2] / "tools/count.py"

TYPES = """
from typing import Any, TypeAlias

Foreign: TypeAlias = Any
"""

SHARD = '''
"""Any object is named in words, which is not counted; so is "Any" in a text."""

from typing import Any, cast

from motherlode.core.types import Foreign

__all__ = ["Shard", "open_shard"]

Thing = Any


class Shard:
    def read(self) -> list[Any]:
        return cast(list, self)

    def write(self, other: object) -> Foreign:
        object.__setattr__(self, "other", other)  # type: ignore[misc]

    def _hidden(self) -> Any: ...


def open_shard() -> Shard: ...


def open_shard(path: str) -> Shard: ...


def unlisted() -> int: ...
'''

OTHER = """
__all__ = ["Shard"]

class Shard: ...

def unlisted() -> int: ...
"""


@pytest.fixture
def root(tmp_path):
    texts = {"__init__": "", "core/__init__": "", "core/types": TYPES, "shard": SHARD, "other": OTHER}
    for name, text in texts.items():
        path = tmp_path / "motherlode" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "motherlode"


def test_each_finding_says_where_it_stands(root):
    assert findings(House(root)) == {
        "Any": ["motherlode.core.types", *["motherlode.shard"] * 3],
        "Any returned by public functions": ["motherlode.shard.read"],
        "Any by another name": ["motherlode.shard: Thing = Any"],
        "object": ["motherlode.shard"],
        "cast": ["motherlode.shard"],
        "type: ignore": ["motherlode.shard"],
        "import cycles": [],
        "names of two modules": ["Shard: motherlode.other, motherlode.shard"],
    }


def test_folders_and_aliases_are_counted(root):
    house = House(root)
    assert house.folders() == {"motherlode": 2, "motherlode.core": 1}
    assert house.aliases() == 1


def test_the_script_fails_over_a_limit_and_says_which(root):
    for number in range(14):
        (root / "core" / f"shard_{number}.py").write_text("")
    ran = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "over the limit: 15 modules in motherlode.core, at most 13" in ran.stderr
    assert "over the limit: 4 Any" not in ran.stderr
    assert ran.stdout.startswith("19 files, ")


def test_a_small_house_passes(root):
    (root / "shard.py").unlink()
    assert subprocess.run([sys.executable, SCRIPT, root], capture_output=True, check=False).returncode == 0
