"""Formulas as MathML, which browsers draw themselves: the pages read the same offline, and no script is loaded."""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the way of drawing that conf.py asks for."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def to_mathml(formula: str, *, as_block: bool) -> str:
    """Return a formula of LaTeX as MathML.

    Raises:
        ExtensionError: docutils does not know one of its commands.
    """
    try:
        return str(tex2mathml(re.sub(r"\\dots\b", r"\\ldots", formula), as_block=as_block))
    except MathError as error:
        raise ExtensionError(f"the formula {formula!r} cannot be drawn: {error}") from error


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    self.body.append(to_mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, which scroll where a screen is too narrow."""
    self.body.append(f'<div class="math-block">{to_mathml(node.astext(), as_block=True)}</div>\n')
    raise nodes.SkipNode
