"""An error that crosses a process boundary arrives whole."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from motherlode.core import MotherlodeError, ParameterError, WriteError
from motherlode.core.errors import show


class TwoArguments(MotherlodeError):
    """An error whose constructor takes other arguments than its text."""

    def __init__(self, name, value):
        self.name, self.value = name, value
        super().__init__(f"{name} is {value}")


ERRORS = [
    ParameterError("theta is NaN."),
    WriteError(Path("file"), "No space left on device"),
    TwoArguments("theta", 3),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_pickle_keeps_kind_text_and_data(error):
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.args == error.args
    assert vars(back) == vars(error)


def test_numbers_are_shown_short():
    assert show(None) == "(not known)"
    assert show(1 / 3, digits=3) == "0.333"
    assert show(np.arange(100.0)).count(",") < 10
