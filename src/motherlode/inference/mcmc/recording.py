r"""Record the tensor operations of a function once, and replay them without autograd or modules in between.

A network at 20 rows spends most of its time in autograd, in modules and in Python. A recording keeps the operations
that depend on the input, backward pass included; all others, such as masked weights and embedded x, have become
constants. :mod:`torch.fx` writes the kept ones as one Python function, which is checked against the function itself.

The tape is our own because torch's ``make_fx`` keeps a third more operations, writes into constants at each replay, and
takes a second for its first import; ``torch.compile`` takes ten seconds or more.
"""

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeAlias

import pyro
import torch
from torch import Tensor, fx
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from motherlode.core.types import Foreign
from motherlode.inference.mcmc.bindings import Binding, binding_of

__all__ = ["Tensors", "recorded"]

Tensors: TypeAlias = tuple[Tensor, ...]
Function: TypeAlias = Callable[[Tensor], Tensors]

_UNSAFE: Final = (
    torch.Tag.data_dependent_output,
    torch.Tag.dynamic_output_shape,
    torch.Tag.nondeterministic_seeded,
)
_REPLAY_ERRORS: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def recorded(function: Function, example: Tensor) -> Function:
    """Return a function with the same results in a fraction of the time, or the function itself where there is none.

    Parameters
    ----------
    function
        From one tensor to a tuple of tensors without history. It may call autograd inside.
    example
        An input; the recording holds for inputs of its shape.

    Returns
    -------
    Callable
        The replay; or ``function``, if it is random, if its operations depend on values, if it leaves torch on the
        way, if its operations cannot be replayed, or if the replay does not give back its results.
    """
    with pyro.validation_enabled(False), torch.no_grad():
        points = (example, _mixed(example), _mixed(_mixed(example)))
        wanted = [function(point) for point in points]
        try:
            replay = _record(function, example.clone())
            same = replay is not None and all(_agree(w, replay(p)) for w, p in zip(wanted, points, strict=True))
        except _REPLAY_ERRORS:
            return function
    return replay if replay is not None and same else function


def _record(function: Function, example: Tensor) -> Function | None:
    tape = _Tape(example)
    with tape:
        outputs = function(example)
    if not tape.safe:
        return None
    run, constants = tape.compile(outputs), tuple(tape.constants)

    def replay(point: Tensor) -> Tensors:
        with torch.inference_mode():
            results: Tensors = run(point, *constants)
        return results

    return replay


class _Tape(TorchDispatchMode):
    """The operations that depend on one input, as a graph; tensors are told apart by identity and kept alive."""

    def __init__(self, example: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.safe = True
        self.constants: list[Tensor] = []
        self._graph = fx.Graph()
        self._last_input = self._graph.placeholder("point")
        self._nodes: dict[int, fx.Node] = {id(example): self._last_input}
        self._bindings: dict[fx.Node, Binding] = {}
        self._moving: dict[int, Tensor] = {id(example): example}
        self._kept: dict[int, Tensor] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Leave torch's compiler, whose import takes a second, out of this."""
        return False

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Collection[type],
        args: tuple[Foreign, ...] = (),
        kwargs: Mapping[str, Foreign] | None = None,
    ) -> Foreign:
        """Run one operation and write it down if it depends on the input."""
        named = dict(kwargs or {})
        if not any(id(leaf) in self._moving for leaf in tree_leaves((args, named))):
            self.safe = self.safe and torch.Tag.nondeterministic_seeded not in func.tags
            return func(*args, **named)
        self._thaw(func, args)
        self.safe = self.safe and not _depends_on_values(func, args)
        result = func(*args, **named)
        if self.safe:
            self._write(func, args, named, result)
        return result

    def compile(self, outputs: Tensors) -> Callable[..., Tensors]:
        """Return the operations that the outputs need as one function of the input and the constants."""
        self._graph.output(tuple(self._node(output) for output in outputs))
        self._graph.eliminate_dead_code()
        for node, binding in self._bindings.items():
            binding.put_into(node)
        forward: Callable[..., Tensors] = fx.GraphModule(torch.nn.Module(), self._graph).forward
        return forward

    def _write(
        self, func: OpOverload, args: tuple[Foreign, ...], kwargs: Mapping[str, Foreign], result: Foreign
    ) -> None:
        if func is torch.ops.aten.detach.default:
            self._nodes[id(result)], self._moving[id(result)] = self._node(args[0]), result
            return
        node = self._graph.call_function(func, *tree_map(self._node, (args, dict(kwargs))))
        binding = binding_of(func, args, kwargs, result)
        if binding is not None:
            self._bindings[node] = binding
        if isinstance(result, Tensor):
            self._remember(result, node)
            return
        for place, part in enumerate(result):
            self._remember(part, self._graph.call_function(operator.getitem, (node, place)))

    def _remember(self, value: Tensor | None, node: fx.Node) -> None:
        if value is not None:
            self._nodes[id(value)], self._moving[id(value)] = node, value

    def _thaw(self, func: OpOverload, args: tuple[Foreign, ...]) -> None:
        """Let a constant that is about to be written to begin as a fresh copy in every replay."""
        for declared, value in zip(func._schema.arguments, args, strict=False):
            written = declared.alias_info is not None and declared.alias_info.is_write
            if written and isinstance(value, Tensor) and id(value) not in self._moving:
                copy = self._constant(value.detach().clone())
                self._remember(value, self._graph.call_method("clone", (copy,)))

    def _node(self, leaf: Foreign) -> Foreign:
        """Return the node of a tensor, made a constant if the recording has none; anything else as it is."""
        if not isinstance(leaf, Tensor):
            return leaf
        if id(leaf) not in self._nodes:
            self._nodes[id(leaf)], self._kept[id(leaf)] = self._constant(leaf.detach()), leaf
        return self._nodes[id(leaf)]

    def _constant(self, value: Tensor) -> fx.Node:
        with self._graph.inserting_after(self._last_input):
            self._last_input = self._graph.placeholder(f"constant_{len(self.constants)}")
        self.constants.append(value)
        return self._last_input


def _depends_on_values(func: OpOverload, args: tuple[Foreign, ...]) -> bool:
    if func is torch.ops.aten.index.Tensor:
        return any(isinstance(i, Tensor) and i.dtype == torch.bool for i in args[1])
    return any(tag in func.tags for tag in _UNSAFE)


def _mixed(points: Tensor) -> Tensor:
    """Return points between those given, or near the only one."""
    return 0.5 * (points + points.roll(1, 0)) + 0.1


def _agree(wanted: Tensors, given: Tensors) -> bool:
    return len(wanted) == len(given) and all(_close(a, b) for a, b in zip(wanted, given, strict=True))


def _close(wanted: Tensor, given: Tensor) -> bool:
    if wanted.shape != given.shape or wanted.dtype != given.dtype:
        return False
    finite = wanted[torch.isfinite(wanted)].abs()
    scale = float(finite.max()) if len(finite) else 1.0
    return torch.allclose(given, wanted, rtol=1e-3, atol=1e-4 * scale, equal_nan=True)
