"""How the documentation is built: `make docs`."""

import os
import sys
from pathlib import Path

import earmark

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_extensions"))

project = "earmark"
author = "the earmark authors"
copyright = author
version = release = earmark.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "commands",
    "configuration",
    "mathml",
]
exclude_patterns = ["_build", "_extensions"]
templates_path = []
html_theme = "furo"
html_title = "earmark"
html_copy_source = False
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["house.css"]
pygments_dark_style = "github-dark"

# ---------------------------------------------------------------- the pages
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
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

# ---------------------------------------------------------------- the gallery
# A lesson that fails, or warns, stops the build. One that was drawn and has not changed since is not drawn again.
sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/\d\d_\w+\.py$",
    "within_subsection_order": "FileNameSortKey",
    "parallel": min(4, os.cpu_count() or 1),  # lessons at a time, in processes of their own
    "reset_modules": ("matplotlib", "gallery.set_look"),
    "reset_modules_order": "both",
    "image_scrapers": ("matplotlib", "gallery.save_figures"),
    "image_srcset": ["2x"],
    "thumbnail_size": (640, 400),
    "capture_repr": (),  # lessons print what they mean to show
    "abort_on_example_error": False,  # all that fail are named at the end
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
}
