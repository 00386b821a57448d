"""Small lessons, written on the spot."""

import pytest

from earmark.lessons.lesson import read_lesson

SOURCE = '''"""
Pooling by hand
===============

What a maximum *keeps*, ``max_pool1d``
and :math:`\\\\max_i x_i`.

Why it matters.
"""

# sphinx_gallery_thumbnail_number = 2
import math

# %%
# What it does
# ------------
#
# Some words.

# a comment of the code
x = math.pi

# %%
y = "# %% no mark"
z = """
 # %% neither
"""
'''


@pytest.fixture
def write_lesson(tmp_path):
    """Write a script into a folder of lessons, and return its path."""

    def write(name="07_pooling_by_hand.py", source=SOURCE):
        path = tmp_path / "lessons" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return path

    return write


@pytest.fixture
def lesson(write_lesson):
    """A lesson of several cells."""
    return read_lesson(write_lesson())
