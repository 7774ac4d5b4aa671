"""Recognize in the source what a program makes of the logarithm of a uniform number.

``-log(u) / rate`` is a waiting time, ``log(u) < dE`` an acceptance, ``log(u) / log(1 - p)`` a geometric number. Each is
a draw in disguise, and a θ in it is outside of the draw.
"""

import ast
import linecache
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from motherlode.frontends.python.provenance.lines import Step

__all__ = ["Idiom", "idiom_near"]

Kind: TypeAlias = Literal["wait", "accept", "geometric"]
Scope: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_UNIFORM = frozenset(("random", "uniform", "rand", "random_sample"))
_LOGARITHM = frozenset(("log", "log1p", "log2", "log10"))


class Idiom(NamedTuple):
    """Name the line where the logarithm of a uniform is used, and as what."""

    kind: Kind
    step: Step


def idiom_near(step: Step) -> Idiom | None:
    """Return the use of a logarithm of a uniform in the function around a line, the nearest one before it first."""
    scope = _scope(step)
    if scope is None:
        return None
    found = sorted(_idioms(scope), key=lambda pair: (pair[1] > step.line, abs(pair[1] - step.line)))
    return Idiom(found[0][0], step._replace(line=found[0][1])) if found else None


def _scope(step: Step) -> Scope | None:
    """Return the innermost function around a line, as far as its source can be read."""
    try:
        tree = ast.parse("".join(linecache.getlines(step.file)))
    except SyntaxError:
        return None
    scopes = [node for node in ast.walk(tree) if isinstance(node, Scope) and _holds(node, step.line)]
    return min(scopes, key=lambda node: (node.end_lineno or 0) - node.lineno, default=None)


def _holds(node: Scope, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _idioms(scope: Scope) -> Iterator[tuple[Kind, int]]:
    parents = {child: node for node in ast.walk(scope) for child in ast.iter_child_nodes(node)}
    uniforms = _names(scope, lambda value: any(_is_call(node, _UNIFORM) for node in ast.walk(value)))

    def is_logarithm(node: ast.AST) -> bool:
        return _is_call(node, _LOGARITHM) and any(
            _is_call(part, _UNIFORM) or (isinstance(part, ast.Name) and part.id in uniforms) for part in ast.walk(node)
        )

    logarithms = _names(scope, lambda value: is_logarithm(_unsigned(value)))
    for node in ast.walk(scope):
        read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in logarithms
        if isinstance(node, ast.expr) and (read or is_logarithm(node)):
            kind = _kind(node, parents)
            if kind is not None:
                yield kind, node.lineno


def _kind(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Kind | None:
    """Climb from a logarithm through sums and signs to what is made of it."""
    while True:
        above = parents.get(node)
        if isinstance(above, ast.Compare):
            return "accept"
        if isinstance(above, ast.BinOp) and isinstance(above.op, ast.Div | ast.Mult):
            other = above.right if above.left is node else above.left
            if not isinstance(_unsigned(other), ast.Constant):
                return "geometric" if _is_call(_unsigned(other), _LOGARITHM) else "wait"
        elif not isinstance(above, ast.UnaryOp | ast.BinOp):
            return None
        node = above


def _unsigned(node: ast.expr) -> ast.expr:
    return node.operand if isinstance(node, ast.UnaryOp) else node


def _is_call(node: ast.AST, names: frozenset[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name in names


def _names(scope: Scope, holds: Callable[[ast.expr], bool]) -> set[str]:
    """Return the names that are bound to a value of some kind."""
    return {
        target.id
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and holds(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
