"""Count what makes a house easy or hard to hold in the head, and fail where a number is over its limit.

``python tools/count.py`` prints the numbers of src/motherlode; ``--all`` also prints each module over a limit, each
cycle and each name that two modules give. A limit is only ever lowered.
"""

import argparse
import ast
import io
import statistics
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

__all__ = ["House", "Module", "cycles_of", "findings"]

SOURCE = Path(__file__).resolve().parents[1] / "src/motherlode"

LIMITS = {
    "Any": 20,
    "Any returned by public functions": 0,
    "Any by another name": 0,
    "object": 12,
    "cast": 0,
    "type: ignore": 12,
    "import cycles": 0,
    "names of two modules": 10,
    "named aliases of Any": 554,
    "longest file": 300,
}
FOLDER = 13
"""Modules in a folder, its ``__init__`` not counted."""

LARGER_FOLDERS = {"motherlode.inference": 14}
"""Folders that may hold more, and how many."""

TYPES = "motherlode.core.types"
"""The one module that gives Any a name."""

REPEATING = ("motherlode.cli", "motherlode.families.densities")
"""Modules whose names repeat those of others on purpose: commands are called as what they do, densities as samplers."""


@dataclass(frozen=True)
class Module:
    """Hold one source file: its full name, its path and its text."""

    name: str
    path: Path
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> int:
        """Lines of the file."""
        return len(self.text.splitlines())

    @property
    def is_package(self) -> bool:
        """Whether it is the ``__init__`` of a folder."""
        return self.path.name == "__init__.py"

    def imports(self) -> Iterator[tuple[str, str]]:
        """Yield what is imported as (module, name), in functions and under TYPE_CHECKING too; "" for no name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((self._absolute(node), alias.name) for alias in node.names)
            elif isinstance(node, ast.Call) and _called(node) == "import_module":
                constants = (one.value for one in node.args if isinstance(one, ast.Constant))
                yield from ((value, "") for value in constants if isinstance(value, str))

    def _absolute(self, node: ast.ImportFrom) -> str:
        parts = self.name.split(".")
        package = parts[: len(parts) - node.level + self.is_package] if node.level else []
        return ".".join([*package, *([node.module] if node.module else [])])

    def tokens(self, name: str) -> int:
        """Count a name in code, import statements apart."""
        imports = {
            line
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return sum(t.type == tokenize.NAME and t.string == name and t.start[0] not in imports for t in tokens)

    def ignores(self) -> int:
        """Count the lines on which the type checker is silenced."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return sum(t.type == tokenize.COMMENT and "type: ignore" in t.string for t in tokens)

    def objects(self) -> int:
        """Count ``object`` where it stands for a type, not where a method or a dtype of that name is used."""
        used = {id(n.value) for n in ast.walk(self.tree) if isinstance(n, ast.Attribute)}
        used |= {id(n.value) for n in ast.walk(self.tree) if isinstance(n, ast.keyword) and n.arg == "dtype"}
        names = (n for n in ast.walk(self.tree) if isinstance(n, ast.Name) and n.id == "object")
        return sum(id(name) not in used for name in names)

    def public(self) -> list[str]:
        """Return the classes and functions of ``__all__`` that it defines."""
        listed = [n.value for n in self.tree.body if isinstance(n, ast.Assign) and _is_all(n.targets)]
        offered = {one.value for value in listed for one in ast.walk(value) if isinstance(one, ast.Constant)}
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        return list(dict.fromkeys(n.name for n in self.tree.body if isinstance(n, kinds) and n.name in offered))

    def returned_any(self) -> list[str]:
        """Return the public functions and methods whose return type holds a bare Any."""
        return [
            node.name
            for parent in ast.walk(self.tree)
            if isinstance(parent, ast.Module | ast.ClassDef) and not getattr(parent, "name", "").startswith("_")
            for node in parent.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
            and node.returns is not None
            and _holds_any(node.returns)
        ]

    def renamed_any(self) -> list[str]:
        """Return the names, outside the shared types, that stand for Any alone."""
        assigned = (n for n in self.tree.body if isinstance(n, ast.Assign | ast.AnnAssign))
        alone = [n for n in assigned if isinstance(n.value, ast.Name) and n.value.id == "Any"]
        return [] if self.name == TYPES else [ast.unparse(n) for n in alone]


class House(dict[str, Module]):
    """Hold the modules below a folder by their full names, the folder's own name first."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        for path in sorted(root.rglob("*.py")):
            parts = path.relative_to(root.parent).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            self[name] = Module(name, path, path.read_text())

    def links(self) -> dict[str, set[str]]:
        """Return the modules that each module imports.

        A name imported from a package links to the package, unless it is a module of it. That importing a module
        runs the packages around it first is not counted, and the top of the package, which is lazy, stands outside.
        """
        (top, *_) = self
        return {name: self._linked(module) - {name, top} for name, module in self.items()}

    def _linked(self, module: Module) -> set[str]:
        named = ((base, f"{base}.{name}") for base, name in module.imports())
        return {full if full in self else base for base, full in named} & self.keys()

    def folders(self) -> dict[str, int]:
        """Return how many modules each folder holds, its ``__init__`` not counted."""
        return dict(Counter(m.name.rpartition(".")[0] for m in self.values() if not m.is_package))

    def aliases(self) -> int:
        """Count the uses of the names that the shared types give to Any."""
        types = self[TYPES].tree.body if TYPES in self else []
        named = [n for n in types if isinstance(n, ast.AnnAssign) and n.value is not None and _holds_any(n.value)]
        return sum(m.tokens(ast.unparse(n.target)) for n in named for m in self.values() if m.name != TYPES)

    def shared_names(self) -> dict[str, list[str]]:
        """Return the public names that two modules or more define, and which."""
        homes: dict[str, list[str]] = defaultdict(list)
        for module in self.values():
            for name in module.public() if not module.name.startswith(REPEATING) else ():
                homes[name].append(module.name)
        return {name: where for name, where in sorted(homes.items()) if len(where) > 1}


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _is_all(targets: list[ast.expr]) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _holds_any(annotation: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "Any" for n in ast.walk(annotation))


def cycles_of(links: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that reach each other by imports (Tarjan's strongly connected components)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        path.append(name)
        for other in sorted(links[name]):
            if other not in number:
                visit(other)
            if other in path:
                lowest[name] = min(lowest[name], lowest[other])
        if lowest[name] == number[name]:
            group = path[path.index(name) :]
            del path[path.index(name) :]
            groups.extend([sorted(group)] if len(group) > 1 else [])

    for name in sorted(links):
        if name not in number:
            visit(name)
    return sorted(groups)


def findings(house: House) -> dict[str, list[str]]:
    """Return what is counted against a limit, each with where it stands."""
    modules = house.values()
    return {
        "Any": [m.name for m in modules for _ in range(m.tokens("Any"))],
        "Any returned by public functions": [f"{m.name}.{name}" for m in modules for name in m.returned_any()],
        "Any by another name": [f"{m.name}: {text}" for m in modules for text in m.renamed_any()],
        "object": [m.name for m in modules for _ in range(m.objects())],
        "cast": [m.name for m in modules for _ in range(m.tokens("cast"))],
        "type: ignore": [m.name for m in modules for _ in range(m.ignores())],
        "import cycles": [" <-> ".join(group) for group in cycles_of(house.links())],
        "names of two modules": [f"{name}: {', '.join(where)}" for name, where in house.shared_names().items()],
    }


def report(house: House, everything: bool) -> list[str]:
    """Print the numbers and return what is over a limit."""
    lines = [module.lines for module in house.values()]
    longest = max(house.values(), key=lambda module: module.lines)
    print(f"{len(lines)} files, {sum(lines)} lines, median {statistics.median(lines):.0f}, ", end="")
    print(f"{sum(count < 60 for count in lines)} under 60")
    found = findings(house)
    numbers = {name: len(where) for name, where in found.items()} | {
        "named aliases of Any": house.aliases(),
        "longest file": longest.lines,
    }
    for name, number in numbers.items():
        print(f"{number:6d} {name} (at most {LIMITS[name]})")
        for where, count in Counter(found.get(name, [longest.name])).most_common() if everything else ():
            print(f"       {count:4d} {where}")
    folders = sorted(house.folders().items(), key=lambda item: -item[1])
    print("modules a folder:", ", ".join(f"{name.removeprefix('motherlode.')} {count}" for name, count in folders))
    over = [f"{number} {name}, at most {LIMITS[name]}" for name, number in numbers.items() if number > LIMITS[name]]
    crowded = [item for item in folders if item[1] > LARGER_FOLDERS.get(item[0], FOLDER)]
    return over + [f"{count} modules in {name}, at most {LARGER_FOLDERS.get(name, FOLDER)}" for name, count in crowded]


def main() -> None:
    """Count, and exit with 1 over a limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=SOURCE, help="folder of the package")
    parser.add_argument("--all", action="store_true", help="say where each finding stands")
    arguments = parser.parse_args()
    over = report(House(arguments.root.resolve()), arguments.all)
    sys.exit("\n".join(f"over the limit: {text}" for text in over) or None)


if __name__ == "__main__":
    main()
