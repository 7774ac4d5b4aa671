"""Write docs/api.md: every public name by its public path, with the types that stand in the source.

A name is public where a package lists it in ``__all__``; where several do, it is shown at the shortest path.
Nothing is imported: signatures are read from the source, so types read as they were written.

    python tools/write_api.py            # writes docs/api.md
    python tools/write_api.py --check    # exits 1 if docs/api.md is not what would be written
"""

import argparse
import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
PAGE = ROOT / "docs" / "api.md"
NOT_FOR_USERS = {"motherlode.cli", "motherlode.demo"}

HEAD = """\
# Python interface

This page is written by `python tools/write_api.py` from the source. Everything here can be relied on; what is not here
is internal. Shapes: N events, D parameters, K alternatives, x of shape `(*L)`, batches `(*B)`.
"""

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign | None


@cache
def tree_of(module: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(file_of(module).read_text())


def file_of(module: str) -> Path:
    """Return the file of a module or package."""
    path = SOURCE / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def packages() -> list[str]:
    """Return all packages, the top level first."""
    found = [path.parent for path in (SOURCE / "motherlode").rglob("__init__.py")]
    names = sorted(".".join(path.relative_to(SOURCE).parts) for path in found)
    return [name for name in names if not name.startswith(tuple(NOT_FOR_USERS))]


def listed(module: str) -> list[str]:
    """Return what a module lists in ``__all__``; of the top level, which computes it, the names of its homes."""
    for node in tree_of(module).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__" and isinstance(node.value, (ast.List, ast.Tuple)):
            values = [element.value for element in node.value.elts if isinstance(element, ast.Constant)]
            return values if len(values) == len(node.value.elts) else [*values, *homes()]
    return []


@cache
def homes() -> dict[str, str]:
    """Return the package that each lazy name of the top level comes from."""
    for node in tree_of("motherlode").body:
        value = getattr(node, "value", None)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(value, ast.Dict) and any(isinstance(t, ast.Name) and t.id == "_HOMES" for t in targets):
            pairs = zip(value.keys, value.values, strict=True)
            return {key.value: home.value for key, home in pairs if isinstance(home, ast.Constant)}
    raise SystemExit("motherlode/__init__.py has no table _HOMES of its lazy names")


def defined(module: str, name: str) -> tuple[str, Definition]:
    """Return the module that defines a name which `module` offers, and the definition."""
    if module == "motherlode" and name in homes():
        return defined(homes()[name], name)
    for node in tree_of(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return module, node
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return module, node
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            return module, node
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("motherlode"):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return defined(node.module, alias.name)
    return module, None


def signature(node: ast.FunctionDef, *, method: bool) -> str:
    """Return the arguments and the result as they are written, without ``self`` or ``cls``."""
    arguments = ast.parse(f"def f({ast.unparse(node.args)}): ...").body[0]
    if not isinstance(arguments, ast.FunctionDef):
        raise SystemExit(f"{node.name} has no signature")
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    if method and not static:
        first = arguments.args.posonlyargs or arguments.args.args
        first.pop(0)
    result = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return readable(f"({ast.unparse(arguments.args)}){result}")


def readable(text: str) -> str:
    """Return a signature without the quotes around types that are defined later, and without line breaks."""
    return re.sub(r"(: |-> |\[|, )'([A-Z][^']*)'", r"\1\2", text.replace("\n", " "))


def is_property(node: ast.FunctionDef) -> bool:
    """Say whether a method is read like an attribute."""
    return any(ast.unparse(decorator) in {"property", "cached_property"} for decorator in node.decorator_list)


def is_overload(node: ast.FunctionDef) -> bool:
    """Say whether a definition only tells a type checker of a signature."""
    return any(ast.unparse(decorator) in {"overload", "typing.overload"} for decorator in node.decorator_list)


def public_methods(module: str, node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """Return the public methods of a class and of those of ours that it derives from, by name."""
    methods: dict[str, ast.FunctionDef] = {}
    for base in node.bases:
        plain = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(plain, ast.Name):
            home, inherited = defined(module, plain.id)
            if isinstance(inherited, ast.ClassDef):
                methods |= public_methods(home, inherited)
    own = [member for member in node.body if isinstance(member, ast.FunctionDef)]
    return methods | {m.name: m for m in own if not m.name.startswith("_") and not is_overload(m)}


def constructor(module: str, node: ast.ClassDef) -> str:
    """Return the arguments of a class: those of its constructor, or the fields of a dataclass."""
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            return signature(member, method=True).removesuffix(" -> None")
    fields = [m for m in node.body if isinstance(m, ast.AnnAssign) and isinstance(m.target, ast.Name)]
    if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        shown = [f for f in fields if not f.target.id.startswith("_") and "ClassVar" not in ast.unparse(f.annotation)]
        return readable(f"({', '.join(map(declared, shown))})")
    return ""


def declared(field: ast.AnnAssign) -> str:
    """Return a field of a dataclass as an argument; a default that is made anew each time is shown as an ellipsis."""
    default = field.value
    if isinstance(default, ast.Call):
        default = ast.Constant(...)
    shown = "" if default is None else f"={ast.unparse(default)}"
    return f"{ast.unparse(field.target)}: {ast.unparse(field.annotation)}{shown}"


def directives(path: str, module: str, name: str) -> Iterator[str]:
    """Yield the lines of reStructuredText that document one name."""
    home, node = defined(module, name)
    if isinstance(node, ast.FunctionDef):
        yield f".. autofunction:: {path}.{name}{signature(node, method=False)}"
    elif isinstance(node, ast.ClassDef):
        yield f".. autoclass:: {path}.{name}{constructor(home, node)}"
        yield ""
        for method, found in public_methods(home, node).items():
            if is_property(found):
                yield f"   .. autoproperty:: {method}"
            else:
                yield f"   .. automethod:: {method}{signature(found, method=True)}"
    else:
        yield f".. py:data:: {path}.{name}"
        yield ""
        yield from (f"   {line}" for line in described(home, node).splitlines())
    yield ""


def described(module: str, node: Definition) -> str:
    """Return the text that stands below the definition of a constant."""
    body = tree_of(module).body
    after = body[body.index(node) + 1] if node in body[:-1] else None
    text = after.value if isinstance(after, ast.Expr) else None
    if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
        line = getattr(node, "lineno", 1)
        raise SystemExit(f"{file_of(module).relative_to(ROOT)}:{line}: a public name without a text below it")
    return inspect.cleandoc(text.value)


def page() -> str:
    """Return the text of the page."""
    shown: set[tuple[str, str]] = set()
    parts = [HEAD]
    for package in sorted(packages(), key=lambda name: (name.count("."), name)):
        names = sorted(set(listed(package)) - {"__version__", "losses"})
        names = [name for name in names if (defined(package, name)[0], name) not in shown]
        shown |= {(defined(package, name)[0], name) for name in names}
        if not names:
            continue
        lines = [line for name in names for line in directives(package, package, name)]
        parts += [f"## `{package}`\n", "```{eval-rst}", "\n".join(lines).rstrip(), "```\n"]
    return "\n".join(parts)


def main() -> None:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        sys.exit(0 if PAGE.read_text() == page() else "docs/api.md is old. Run: python tools/write_api.py")
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
