"""earmark.scratch needs NumPy and nothing else, and the rest of the house does not need it."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import earmark.scratch

SOURCE = Path(earmark.scratch.__file__).parent


def imported(source):
    """Name every module that a text imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def foreign(source):
    """Name the imports that are neither the standard library, NumPy nor earmark.scratch itself."""
    return [
        name
        for name in imported(source)
        if name.split(".")[0] not in {*sys.stdlib_module_names, "numpy"}
        and not f"{name}.".startswith("earmark.scratch.")
    ]


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*.py")), ids=lambda path: path.name)
def test_a_module_imports_numpy_and_its_neighbours_only(path):
    assert not foreign(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("planted", ["import torch", "import scipy.signal", "from earmark.errors import DataError"])
def test_a_planted_import_is_caught(planted):
    assert foreign(f"import numpy as np\ndef f():\n    {planted}\n")


def longer_than_explained(source):
    """Name the public functions and methods with more lines of code than of docstring."""
    tree = ast.parse(source)
    for parent in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))):
        for node in parent.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                n_explained = len((ast.get_docstring(node) or "").splitlines())
                body = node.body[bool(n_explained) :]
                if body and body[-1].end_lineno - body[0].lineno + 1 > n_explained:
                    yield node.name


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*.py")), ids=lambda path: path.name)
def test_every_public_function_is_shorter_than_its_explanation(path):
    assert not list(longer_than_explained(path.read_text(encoding="utf-8")))


def test_a_function_longer_than_its_explanation_is_caught():
    planted = 'class A:\n    def f(self):\n        """Add."""\n        x = 1\n        return x\n'
    assert list(longer_than_explained(planted)) == ["f"]
    assert list(longer_than_explained("def g():\n    return 1\n")) == ["g"]
    assert not list(longer_than_explained('def h():\n    """One."""\n    return 1\n'))


@pytest.mark.slow
def test_a_fresh_process_loads_no_other_room_and_no_heavy_library():
    code = (
        "import sys, earmark.scratch\n"
        "print([m for m in sys.modules if m.split('.')[0] in {'torch', 'scipy', 'sklearn', 'matplotlib'}\n"
        "       or (m.startswith('earmark.') and not m.startswith('earmark.scratch'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_explained():
    for name in earmark.scratch.__all__:
        assert getattr(earmark.scratch, name).__doc__


def test_nothing_global_is_drawn_from():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - it is looked at, that nobody used it
    generator = np.random.default_rng(0)
    mlp = earmark.scratch.MLP(2, [3], 1, generator=generator, dropout=0.5)
    mlp.fit([[0.1, 0.2], [0.3, 0.4]], [[0.3], [0.7]], epochs=2)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002 - as above
