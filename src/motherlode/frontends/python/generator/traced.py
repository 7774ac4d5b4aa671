"""Show a simulator one random generator, and show every draw to the handlers.

It has the methods of NumPy's Generator and of ``random.Random``, consumes the stream as NumPy's own methods do (so the
bare function run on the same stream gives the same x) and returns
what they return; uniforms notice what they are compared with.
"""

from types import MethodType
from typing import NoReturn

from numpy.random import Generator

from motherlode.core.types import UserFunction
from motherlode.frontends.python.frames import NEAREST, Addressing
from motherlode.frontends.python.generator.drawing import Drawing
from motherlode.frontends.python.generator.numpy_methods import NUMPY_METHODS
from motherlode.frontends.python.generator.random_methods import RANDOM_METHODS
from motherlode.frontends.python.generator.refusals import refuse
from motherlode.frontends.python.generator.vector_methods import VECTOR_METHODS
from motherlode.frontends.python.tracked.points import OtherPoints
from motherlode.frontends.python.uniforms.methods import TRACKED_UNIFORMS, UNIFORMS
from motherlode.frontends.python.uniforms.watch import Watch

__all__ = ["TracedGenerator"]

_random = UNIFORMS["random"]


class TracedGenerator(Generator):
    """Pass draws through the handlers. It is a Generator for all that ask, so libraries take it as one.

    Parameters
    ----------
    stream
        Answers draws that nobody else answers.
    addressing
        Tells which line a draw belongs to.
    points
        Takes what draws are asked with at the other points of a tracked run; None for ordinary numbers.
    watch
        Watches the uniforms; None where nobody wants to know.

    Raises
    ------
    NotInstrumented
        For a method of a generator whose draws cannot be recorded.
    """

    def __init__(
        self,
        stream: Generator,
        addressing: Addressing = NEAREST,
        points: OtherPoints | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._drawing = drawing = Drawing(stream, addressing, points, watch)
        if points is None:
            vars(self)["random"] = MethodType(_random, drawing)
        else:
            vars(self).update({name: MethodType(method, drawing) for name, method in TRACKED_UNIFORMS.items()})
        super().__init__(stream.bit_generator)

    def addressed(self, addressing: Addressing) -> "TracedGenerator":
        """Return a generator for the same run whose draws belong to lines found another way."""
        drawing = self._drawing
        return TracedGenerator(drawing.stream, addressing, drawing.points, drawing.watch)

    @property
    def bit_generator(self) -> NoReturn:
        """Refuse what draws past the record."""
        refuse("bit_generator")

    def spawn(self, n_children: int) -> NoReturn:
        """Refuse children, who would draw past the record."""
        refuse("spawn")

    def __reduce__(self) -> NoReturn:
        refuse("__reduce__")

    def __repr__(self) -> str:
        return "Generator"

    __str__ = __repr__

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse(name)


class _Method:
    """Bind a function to the drawing of a generator when it is first asked for."""

    def __init__(self, name: str, function: UserFunction) -> None:
        self.name, self.function = name, function

    def __get__(self, generator: TracedGenerator | None, owner: type) -> UserFunction:
        if generator is None:
            return self.function
        bound = MethodType(self.function, generator._drawing)
        setattr(generator, self.name, bound)
        return bound


for _name, _function in {**UNIFORMS, **NUMPY_METHODS, **RANDOM_METHODS, **VECTOR_METHODS}.items():
    setattr(TracedGenerator, _name, _Method(_name, _function))
