"""Formulas are drawn without a script, and one that cannot be drawn stops the build."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

mathml = pytest.importorskip("mathml", reason="Sphinx is not installed")

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted((REPOSITORY / "docs" / "explanations").glob("*.md"))
LESSONS = sorted((REPOSITORY / "examples").glob("*.py"))


def formulas_of(text):
    """Return the formulas of a page: those on lines of their own, then those within lines."""
    blocks = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
    rest = re.sub(r"\$\$.+?\$\$|`[^`]*`", "", text, flags=re.DOTALL)
    return blocks, re.findall(r"\$([^$\n]+)\$", rest)


def drawn(formula, *, as_block):
    """Return a formula as the tree of its MathML; the names that HTML has for spaces are unknown to XML."""
    text = re.sub(r"&(?!lt;|gt;|amp;|#)\w+;", " ", mathml.to_mathml(formula, as_block=as_block))
    root = ET.fromstring(text)  # noqa: S314 - our own
    root.tag = root.tag.rpartition("}")[2]
    return root


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_formula_of_a_page_can_be_drawn(page):
    blocks, inline = formulas_of(page.read_text(encoding="utf-8"))
    assert blocks
    for formula in blocks:
        assert drawn(formula, as_block=True).get("display") == "block"
    for formula in inline:
        assert drawn(formula, as_block=False).tag == "math"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_formula_within_a_lesson_can_be_drawn(lesson):
    for formula in re.findall(r":math:`([^`]+)`", lesson.read_text(encoding="utf-8")):
        mathml.to_mathml(re.sub(r"\n# ?", " ", formula), as_block=False)


def test_a_formula_that_cannot_be_drawn_is_named():
    with pytest.raises(Exception, match=r"nonsense.*cannot be drawn"):
        mathml.to_mathml(r"\nonsense{x}", as_block=False)


def test_formulas_are_told_from_code_and_prices():
    assert formulas_of("a $x_1$ and `$y$`\n\n$$z$$\n") == (["z"], ["x_1"])
