"""The picture of a check."""

from motherlode.events import CheckReport, SiteShare
from motherlode.plots import plot_branchings

LOOP = SiteShare("board.py:fall:12", "Bernoulli", 20.0, True, 0.9, 0, tuple([0.045] * 20))
OTHER = SiteShare("board.py:start:3", "Normal", 1.0, False, 0.0, 0, (0.0,))


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_bars_and_the_profile_of_the_line_that_repeats():
    figure = plot_branchings(CheckReport(True, sites=(LOOP, OTHER), name="board"))
    bars, profile = figure.axes
    assert [label.get_text() for label in bars.get_yticklabels()] == [
        "board.py:12 (fall)\nBernoulli",
        "board.py:3 (start)\nNormal",
    ]
    assert texts(bars) == ["90.0 %", "does not depend on θ"]
    assert len(profile.patches) == 20
    assert "board" in figure.get_suptitle()


def test_no_profile_where_nothing_repeats():
    figure = plot_branchings(CheckReport(True, sites=(OTHER,), name="board"))
    assert len(figure.axes) == 1


def test_many_places_are_counted():
    sites = tuple(SiteShare(f"m.py:f:{i}", "Normal", 1.0, True, 0.05, 0, (0.05,)) for i in range(25))
    (ax,) = plot_branchings(CheckReport(True, sites=sites)).axes
    assert len(ax.patches) == 10
    assert "15 more places" in ax.get_xlabel()


def test_given_axes_are_used():
    figure = plot_branchings(CheckReport(True, sites=(LOOP,)))
    again = plot_branchings(CheckReport(True, sites=(LOOP, OTHER)), ax=figure.axes[1])
    assert again is figure
