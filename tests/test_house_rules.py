"""The habits of the house that no tool holds: each rule is a function over text, shown to catch a planted fault."""

import ast
import io
import re
import subprocess
import textwrap
import tokenize
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCE = REPOSITORY / "src" / "earmark"
MODULES = sorted(SOURCE.rglob("*.py"))

MAX_MODULE_LINES = 400
MAX_BODY_LINES = 60
COMMENT_SHARE = (0.01, 0.08)
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "core", "misc", "manager", "handler"}
WITHOUT_TEST_FILE = {
    "__init__.py",  # tests/test_lazy_imports.py has the one that does something
    "__main__.py",  # run there too
    "options.py",  # declarations only: each is tested in the verbs that take it
}
MACHINE_PATH = re.compile(r"(?<![\w.~}-])/(?:root|Users|work)/\w")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


# ---------------------------------------------------------------- the rules, each from text to faults


def too_long(source):
    """A module is read in one sitting."""
    n_lines = len(source.splitlines())
    return [f"{n_lines} lines, at most {MAX_MODULE_LINES}"] if n_lines > MAX_MODULE_LINES else []


def long_bodies(source):
    """A function does one thing; its docstring does not count."""
    faults = []
    for node in functions(ast.parse(source)):
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        n_lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        if n_lines > MAX_BODY_LINES:
            faults.append(f"line {node.lineno}: the body of {node.name} has {n_lines} lines, at most {MAX_BODY_LINES}")
    return faults


def forbidden_statements(source):
    """What ruff refuses too, but here no `noqa` switches it off."""
    faults = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                fault = "print: the library logs and returns values, the command line writes to sys.stdout"
            case ast.Assert():
                fault = "assert: raise an error of errors.py, which says what to write instead"
            case ast.ExceptHandler(type=None) | ast.ExceptHandler(type=ast.Name(id="Exception" | "BaseException")):
                fault = "a broad except: name the errors that can happen"
            case ast.ImportFrom(level=level) if level:
                fault = "a relative import: write the whole path"
            case ast.Global():
                fault = "global: pass it as an argument"
            case _:
                continue
        faults.append(f"line {node.lineno}: {fault}")
    return faults


def unnamed_errors(source):
    """A public function says in its docstring what it raises itself."""
    faults = []
    for node in public_functions(ast.parse(source)):
        docstring = ast.get_docstring(node) or ""
        raised = {name for part in own_nodes(node) if isinstance(part, ast.Raise) and (name := raised_name(part))}
        faults += [
            f"line {node.lineno}: {node.name} raises {name}, and its docstring does not say so"
            for name in sorted(raised)
            if not re.search(rf"Raises:.*\b{name}\b", docstring, re.DOTALL)
        ]
    return faults


def says_nothing(name):
    """A module is named after what is in it."""
    return [f"a module called {name!r} says nothing"] if name.strip("_") in NAMES_THAT_SAY_NOTHING else []


def machine_paths(text):
    """The project knows no machine: neither its author's home nor where it was built."""
    return [f"{found.group()}...: a path of a machine" for found in MACHINE_PATH.finditer(text)]


def without_test_file(path):
    """Whoever changes a module knows where its tests are."""
    test_file = REPOSITORY / "tests" / path.relative_to(SOURCE).with_name(f"test_{path.stem}.py")
    has_tests = test_file.is_file() and "def test_" in test_file.read_text(encoding="utf-8")
    return [] if has_tests else [f"write {test_file.relative_to(REPOSITORY)}"]


def comment_share(sources):
    """Comments say why; too many say what."""
    n_comments = n_lines = 0
    for source in sources:
        n_lines += sum(bool(line.strip()) for line in source.splitlines())
        n_comments += sum(
            token.type == tokenize.COMMENT for token in tokenize.generate_tokens(io.StringIO(source).readline)
        )
    return n_comments / n_lines


# ---------------------------------------------------------------- reading code


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, FunctionNode)]


def public_functions(tree):
    """The functions of a module and the methods of its public classes that have no underscore in front."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    nodes = [node for parent in (tree, *classes) for node in parent.body]
    return [node for node in nodes if isinstance(node, FunctionNode) and not node.name.startswith("_")]


def own_nodes(node):
    """Everything in a function but not in the functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FunctionNode | ast.Lambda | ast.ClassDef):
            yield child
            yield from own_nodes(child)


def raised_name(node):
    call = node.exc.func if isinstance(node.exc, ast.Call) else None
    return call.id if isinstance(call, ast.Name) and call.id[0].isupper() else None


def check_modules(rule, but=()):
    """Fail with what a rule finds in the modules; those with a part of their path in `but` are left out."""
    modules = [path for path in MODULES if not set(path.relative_to(SOURCE).parts) & set(but)]
    faults = [f"{path.relative_to(REPOSITORY)}: {fault}" for path in modules for fault in rule(path)]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


def project_files():
    """The text files that belong to the project, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git checkout: which files belong to the project is not known")
    paths = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


# ---------------------------------------------------------------- the house keeps them


@pytest.mark.slow
@pytest.mark.parametrize("rule", [too_long, long_bodies, forbidden_statements, unnamed_errors])
def test_every_module_keeps_the_rule(rule):
    check_modules(lambda path: rule(path.read_text(encoding="utf-8")))


def test_every_module_is_named_after_what_is_in_it():
    check_modules(lambda path: says_nothing(path.stem))


def test_every_room_is_named_after_what_is_in_it():
    check_modules(lambda path: says_nothing(path.parent.name), but={"_util"})


@pytest.mark.slow
def test_every_module_has_its_test_file():
    check_modules(without_test_file, but=WITHOUT_TEST_FILE)


@pytest.mark.slow
def test_comments_are_neither_rare_nor_everywhere():
    low, high = COMMENT_SHARE
    assert low <= comment_share(path.read_text(encoding="utf-8") for path in MODULES) <= high


@pytest.mark.slow
def test_no_file_of_the_project_knows_a_machine():
    faults = {
        str(path.relative_to(REPOSITORY)): found
        for path in project_files()
        if (found := machine_paths(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert not faults


# ---------------------------------------------------------------- each rule catches a planted fault


def test_a_module_of_one_line_too_many_is_caught():
    assert not too_long("x = 1\n" * MAX_MODULE_LINES)
    assert too_long("x = 1\n" * (MAX_MODULE_LINES + 1))


@pytest.mark.parametrize(
    "head", ["def f():\n", "async def f():\n", "class A:\n def f(self):\n", "def g():\n def f():\n"]
)
def test_a_body_of_one_line_too_many_is_caught_wherever_it_stands(head):
    indent = " " * (2 if "\n " in head else 1)
    assert not long_bodies(head + f"{indent}x = 1\n" * (MAX_BODY_LINES - head.startswith("def g")))
    assert long_bodies(head + f"{indent}x = 1\n" * (MAX_BODY_LINES + 1))


def test_a_long_docstring_makes_no_long_body():
    docstring = '"""' + "\n" * 100 + '"""'
    assert not long_bodies(f"def f():\n {docstring}\n return 1\n")
    assert not long_bodies(f"def f():\n {docstring}\n")


@pytest.mark.parametrize(
    "fault",
    [
        "print(1)",
        "def f():\n    print('x')  # noqa: T201",
        "assert x",
        "try: f()\nexcept: pass",
        "try: f()\nexcept Exception: pass",
        "try: f()\nexcept BaseException as error: pass",
        "from . import x",
        "from ..audio import read",
        "def f():\n    global x",
    ],
)
def test_a_forbidden_statement_is_caught(fault):
    assert len(forbidden_statements(fault)) == 1


@pytest.mark.parametrize(
    "harmless", ["sys.stdout.write('x')", "try: f()\nexcept OSError: pass", "'print(1); assert x'", "reprint(1)"]
)
def test_what_only_looks_like_a_forbidden_statement_is_left_alone(harmless):
    assert not forbidden_statements(harmless)


def test_an_error_that_the_docstring_does_not_name_is_caught():
    source = textwrap.dedent('''
        def read(path):
            """Read.
            {raises}
            """
            if not path:
                raise AudioError(path, "missing")
            try:
                return path.read()
            except AudioError:
                raise
    ''')
    assert len(unnamed_errors(source.format(raises=""))) == 1
    assert len(unnamed_errors(source.format(raises="AudioError is what it knows."))) == 1
    assert len(unnamed_errors(source.format(raises="Raises: DataError: Never."))) == 1
    assert not unnamed_errors(source.format(raises="Raises: AudioError: It is missing."))


@pytest.mark.parametrize(
    "source",
    [
        "def _hidden():\n    raise DataError('x')",
        "class _Hidden:\n    def f(self):\n        raise DataError('x')",
        "def f():\n    def inner():\n        raise DataError('x')\n    return inner",
        "def f():\n    raise _cannot_write(path)",
    ],
)
def test_errors_of_hidden_and_inner_functions_are_their_own_matter(source):
    assert not unnamed_errors(source)


def test_an_unnamed_error_of_a_method_is_caught():
    assert unnamed_errors("class A:\n    def f(self):\n        raise DataError('x')")


@pytest.mark.parametrize("name", ["utils", "_util", "helpers", "common", "base", "core", "_base"])
def test_a_name_that_says_nothing_is_caught(name):
    assert says_nothing(name)


@pytest.mark.parametrize("name", ["score", "baseline", "files", "__init__"])
def test_a_name_that_says_something_is_left_alone(name):
    assert not says_nothing(name)


@pytest.mark.parametrize("folder", ["root", "Users", "work"])
@pytest.mark.parametrize("place", ["see /{}/x", "`/{}/ann`", '"/{}/a.wav"', "file:///{}/a"])
def test_the_path_of_a_machine_is_caught(place, folder):
    assert machine_paths(place.format(folder))


@pytest.mark.parametrize("place", ["https://a.org/{}/x", "~/{}/x", "src/{}/x", "../{}/x", "/ {} /", "/home/{}"])
def test_other_paths_are_left_alone(place):
    assert not machine_paths(place.format("work"))


def test_a_module_without_tests_is_caught(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "REPOSITORY", tmp_path)
    test_file = tmp_path / "tests" / "room" / "test_x.py"
    test_file.parent.mkdir(parents=True)
    module = SOURCE / "room" / "x.py"
    assert without_test_file(module)
    test_file.write_text('"""No tests yet."""\n')
    assert without_test_file(module)
    test_file.write_text("def test_x(): ...\n")
    assert not without_test_file(module)


def test_the_share_of_comments_is_counted_over_lines_that_are_not_blank():
    assert comment_share(["# why\n\nx = 1\ny = 2  # because\nz = '# no'\n", 's = "# no"\n']) == pytest.approx(2 / 5)
