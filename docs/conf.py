"""Build the documentation: make docs."""

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
