"""Say what went wrong with a draw: one class a cause, data as attributes.

Every message has three parts: what happened, with values and address; why it matters; what to do.
"""

from collections.abc import Mapping

from numpy.typing import ArrayLike

from motherlode.core.errors import MotherlodeError, show
from motherlode.core.types import Array

__all__ = [
    "HiddenRandomness",
    "InfiniteDensity",
    "InvalidParameters",
    "LeakError",
    "MissingRandomness",
    "NumberUsed",
    "ReplayDiverged",
    "SimulatorFailed",
]


class MissingRandomness(MotherlodeError, RuntimeError):
    """Refuse a draw that nobody answers."""

    def __init__(self, address: str | None, family: str | None) -> None:
        self.address, self.family = address, family
        what = "Random numbers were asked for" if address is None else f"The draw at {address} ({family}) has no value"
        super().__init__(
            f"{what}, but no `seed` handler is active. "
            "Without a stream the run could not be repeated. "
            "Run it inside `with motherlode.tracing.seed(generator):` or through simulator.simulate()."
        )


class InvalidParameters(MotherlodeError, ValueError):
    """Report a draw whose family does not exist at the parameters it was given."""

    def __init__(
        self, address: str, family: str, parameters: Mapping[str, ArrayLike], domain: Mapping[str, str]
    ) -> None:
        self.address, self.family, self.parameters = address, family, parameters
        given = ", ".join(f"{name}={show(value)}" for name, value in parameters.items())
        wanted = ", ".join(f"{name} {words}" for name, words in domain.items())
        super().__init__(
            f"The draw at {address} asks for {family}({given}), where {wanted} is needed. "
            "Its log-probability is undefined, and so is the gold of this event. "
            "Bound the parameters (low=, high=) or the proposal of alternatives so that the simulator is defined there."
        )


class InfiniteDensity(MotherlodeError, ValueError):
    """Report a value where its density is zero though it was drawn, or infinite."""

    def __init__(self, address: str, family: str, parameters: Mapping[str, ArrayLike], value: ArrayLike) -> None:
        self.address, self.family, self.parameters, self.value = address, family, parameters, value
        given = ", ".join(f"{name}={show(value)}" for name, value in parameters.items())
        super().__init__(
            f"The draw at {address} has value {show(value)}, where {family}({given}) has no finite log-probability. "
            "No joint log-ratio follows from it; the value was rounded onto the end of the support. "
            "Keep concentrations away from 0, or draw the logarithm of the quantity."
        )


_MISTAKES = (
    "AttributeError",
    "ImportError",
    "IndexError",
    "KeyError",
    "ModuleNotFoundError",
    "NameError",
    "NotImplementedError",
    "TypeError",
    "UnboundLocalError",
)


def _remedy(reason: str) -> str:
    if reason.startswith(_MISTAKES):
        return (
            "That looks like an error in the program, not one of some parameters. Run it once by hand, as "
            "function(numpy.array(theta), numpy.random.default_rng(0)), and mend the line it stops at."
        )
    return "Run it once by hand at this theta; if only some parameters fail, move the bounds away from them."


class SimulatorFailed(MotherlodeError, RuntimeError):
    """Report a simulator that raised for every event it was asked for."""

    def __init__(self, reason: str, theta: Array, events: int) -> None:
        self.reason, self.theta, self.events = reason, theta, events
        super().__init__(
            f"The simulator failed in all {events} events; the first time at theta={show(theta)}: {reason}. "
            "Nothing could be mined. "
            f"{_remedy(reason)}"
        )


class LeakError(MotherlodeError):
    """Report that x moved with θ although every recorded draw was held fixed.

    Attributes
    ----------
    address
        Last draw before x, None if there was none.
    event
        Index of the event.
    theta, probe
        Where the event was drawn and where it was replayed, shape (D,).
    expected, found
        x at `theta` and on replay at `probe`, shape (*L).

    Examples
    --------
    >>> import motherlode
    >>> simulator = motherlode.wrap(lambda theta, rng: theta[0] + rng.normal(), "mean", -1.0, 1.0)
    >>> try:
    ...     simulator.mine([[0.5]], seed=1)
    ... except motherlode.LeakError as error:
    ...     print(error.event, error.theta)
    0 [0.5]
    """

    def __init__(
        self,
        address: str | None,
        event: int | None = None,
        theta: Array | None = None,
        probe: Array | None = None,
        expected: Array | None = None,
        found: Array | None = None,
    ) -> None:
        self.address, self.event = address, event
        self.theta, self.probe = theta, probe
        self.expected, self.found = expected, found
        super().__init__(self._explain())

    def _moved(self) -> str:
        return f"x={show(self.expected)} at theta={show(self.theta)} became x={show(self.found)}"

    def _after(self) -> str:
        return f"after the last draw at {self.address}" if self.address else "and no draw was intercepted at all"

    def _explain(self) -> str:
        return (
            f"x depends on theta other than through its draws: in event {self.event} {self._moved()} on replay at "
            f"theta={show(self.probe)} with every draw held fixed, {self._after()}. "
            "The joint likelihood ratio would be wrong without any other sign. "
            "Let theta enter through a draw's parameters only: draw x from Normal(theta, 1) instead of adding theta "
            "to a draw, rng.exponential(1/theta) instead of -log(rng.random())/theta, `rng.random() < p(theta)` "
            "instead of an `if` on theta, `rng.random() < exp(dE)` instead of `log(rng.random()) < dE`."
        )


class HiddenRandomness(LeakError):
    """Report that x moved on replay at θ itself: the simulator uses randomness that is not intercepted."""

    def _explain(self) -> str:
        return (
            f"The simulator uses random numbers that motherlode does not see: in event {self.event} {self._moved()} "
            f"when the run was repeated at the same theta with every draw held fixed, {self._after()}. "
            "Draws outside the record are missing from the joint likelihood, and the run cannot be repeated. "
            "Take every random number from the `rng` argument, in a Pyro model from pyro.sample; numpy.random.*, "
            "random.*, torch.rand*, os.urandom, time, and state kept between runs are the usual sources. Code without "
            "an argument for a generator is wrapped through motherlode.intercept."
        )


class NumberUsed(LeakError):
    """Report a uniform that is used as a number after a comparison, found after gold was given without its density."""

    def _explain(self) -> str:
        return (
            f"In event {self.event}, at theta={show(self.theta)}, the uniform drawn at {self.address} is used as a "
            "number after it was compared, by code in which no method of the number is called. "
            "No event before it showed that, so the gold mined so far lacks the density of the number. "
            "Draw a fresh uniform after the comparison, or use float(u) where the number is meant."
        )


class ReplayDiverged(LeakError):
    """Report that a replay asked for other draws than the record holds.

    Attributes
    ----------
    position
        Index of the draw at which the paths part.
    expected_draw, found_draw
        The recorded draw and the one asked for; None where one path has ended.
    """

    def __init__(
        self,
        position: int,
        address: str | None,
        expected: str | None,
        found: str | None,
        event: int | None = None,
        theta: Array | None = None,
        probe: Array | None = None,
    ) -> None:
        self.position, self.expected_draw, self.found_draw = position, expected, found
        super().__init__(address, event, theta, probe)

    def at(self, event: int, theta: Array, probe: Array) -> "ReplayDiverged":
        """Return the same finding with the event and the parameters it was met at."""
        return type(self)(self.position, self.address, self.expected_draw, self.found_draw, event, theta, probe)

    def _explain(self) -> str:
        where = f"in event {self.event}, drawn at theta={show(self.theta)}, " if self.event is not None else ""
        return (
            f"The path changed on replay at theta={show(self.probe)}: {where}draw {self.position} should be "
            f"{self.expected_draw or 'none (the record has ended)'} but the simulator asked for "
            f"{self.found_draw or 'none (it has ended)'}. "
            "theta (or randomness that is not intercepted) steers the control flow directly, so the joint likelihood "
            "ratio does not follow from the draws. "
            "Replace an `if` on theta by a draw such as `if rng.random() < p(theta)`, and let loops end on draws: "
            "`rng.exponential(1 / rate)` instead of `-log(rng.random()) / rate`, `rng.random() < exp(dE)` instead of "
            "`log(rng.random()) < dE`."
        )
