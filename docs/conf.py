"""How the documentation is built: `make docs`."""

import earmark

project = "earmark"
author = "the earmark authors"
copyright = author
version = release = earmark.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
templates_path = []
html_theme = "furo"
html_title = "earmark"
html_copy_source = False

# ---------------------------------------------------------------- the pages
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# ---------------------------------------------------------------- the reference
autodoc_typehints = "none"  # docstrings give shapes and units, which say more than an array's type
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
default_role = "code"
# Types of attributes and shapes of results are taken for links; most lead to Python, NumPy, torch or inner rooms, which
# have no pages here. Links that are written by hand are checked.
nitpick_ignore_regex = [("py:class", ".*")]
