"""Build the documentation: make docs."""

import re
from collections.abc import Iterator

from sphinx.application import Sphinx

from motherlode import __version__

project = "motherlode"
author = "The motherlode developers"
copyright = "2026, the motherlode developers"  # noqa: A001
release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "myst-nb", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
nb_execution_mode = "off"
autodoc_typehints = "description"
html_theme = "furo"
html_title = "motherlode"
suppress_warnings = ["myst.xref_missing", "ref.python"]
autodoc_mock_imports = ["pyprob"]


def escaped(lines: list[str]) -> Iterator[str]:
    """Escape what reStructuredText would read as emphasis or substitution: ``(*L)`` and ``|θ|`` in plain sentences."""
    math = False
    for line in lines:
        indented = line.startswith((" ", "\t")) or not line
        math = line.lstrip().startswith(".. math::") or (math and indented)
        if math or line.lstrip().startswith(">>>"):
            yield line
            continue
        parts = re.split(r"(``.*?``|`.*?`)", line)
        plain = [
            part if part.startswith("`") else re.sub(r"(?<![\w*])\*(?=[A-Z,])|\|", r"\\\g<0>", part) for part in parts
        ]
        yield "".join(plain)


def setup(app: Sphinx) -> None:
    """Let docstrings pass through :func:`escaped` before anything else reads them."""
    app.connect("autodoc-process-docstring", lambda *given: given[-1].__setitem__(slice(None), escaped(given[-1])), 1)
