"""README and documentation do what they say: Python runs, commands parse with the real parser, quick ones are run.

No block is passed over in silence. What is not run stands in `NOT_RUN` with the reason, and is looked at all the same:
Python is compiled and its names are looked up, commands are parsed, doors and scripts and extras have to be there.
"""

import ast
import builtins
import importlib
import re
import shlex
import shutil
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile
import typer

from earmark.cli import main
from earmark.cli.app import app

REPOSITORY = Path(__file__).resolve().parents[2]
BUILT = {"_build", "auto_examples"}
PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *(page for page in sorted((REPOSITORY / "docs").rglob("*.md")) if not BUILT & set(page.parts)),
]

# What is only parsed, or compiled with its names looked up, and why.
NOT_RUN = {
    r"\.\./shared/": "needs the real sounds that lie beside a checkout",
    r"^earmark fetch\b": "downloads a data set",
    r"^earmark train sounds/(fsdd|gtzan)\b": "needs a data set that is downloaded",
    r"^earmark review (?!.*--(apply|diff)\b)": "waits for a person at the page",
    r"^earmark (compare|crossval|demo|tune)\b": "trains many times",
    r"^earmark (train|features|evaluate) .*\b(store|records|pictures|data\.json)\b": "learns from real sounds",
    r"^earmark train .*--group-(column|pattern)\b": "needs a table or names that a user's own data have",
    r"^make\b": "a door: running one inside a test would run this test",
    r"^pip\b": "changes the environment",
    r"^python\b": "a script of its own, which takes minutes or has its own test",
    r"^(git|cd)\b": "is about getting the project",
}
# What a page takes for granted before its Python begins.
TAKEN_FOR_GRANTED = {
    "docs/reference/classifier.md": "import torch, earmark; train = earmark.open_dataset('sounds')",
    "docs/datasets.md": (
        "import earmark; from earmark.data.splits import split_dataset; "
        "dataset = earmark.open_dataset('sounds'); split = split_dataset(dataset, seed=0)"
    ),
}
OUTPUT = {"text", "json", "toml", "csv", ""}  # shown, and neither Python nor a command
COMMAND_OF_OURS = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\S*/)?(earmark|make|pip|python|git|jupyter)\b")


@dataclass(frozen=True)
class Block:
    """A stretch of code on a page: fenced, or indented by four spaces."""

    page: str
    line: int
    language: str
    text: str


# ---------------------------------------------------------------- reading pages


def read_blocks(text, page="page.md"):
    """Return the blocks of a page in order; one that is indented has the language "indented"."""
    blocks, lines, number = [], text.splitlines(), 0
    while number < len(lines):
        line, start = lines[number], number + 1
        if fence := re.match(r"^( *)(`{3,}|:{3,})(.*)$", line):
            body = []
            number += 1
            while not re.fullmatch(rf" *{fence[2]}", lines[number]):
                body.append(lines[number])
                number += 1
            blocks.append(Block(page, start, fence[3].strip(), "\n".join(body) + "\n"))
        elif line.startswith("    ") and not _before(lines, number).lstrip().startswith(("*", "-", "1")):
            body = []
            while number < len(lines) and (lines[number].startswith("    ") or not lines[number].strip()):
                body.append(lines[number][4:])
                number += 1
            blocks.append(Block(page, start, "indented", "\n".join(body).rstrip() + "\n"))
            continue
        number += 1
    return blocks


def _before(lines, number):
    """Return the last line before that is not blank and not indented."""
    return next((line for line in reversed(lines[:number]) if line.strip() and not line.startswith(" ")), "")


def read_commands(block):
    """Return the commands of a block as lists of words, each with the file that its output goes to."""
    joined = re.sub(r"\\\n\s*", " ", block.text)
    lines = [line for line in joined.splitlines() if block.language in {"sh", "console"} or COMMAND_OF_OURS.match(line)]
    return [command for line in lines for command in split_line(line.removeprefix("$ "))]


def split_line(line):
    """Return the commands of one line: without comments, variables before them, and the folder that they lie in."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;>")
    lexer.whitespace_split, lexer.commenters = True, "#"
    commands, words, target = [], [], None
    for word in [*lexer, ";"]:
        if word in {"&&", ";", "|"}:
            commands += [(words, target)] if words else []
            words, target = [], None
        elif word == ">":
            target = ""
        elif target == "":
            target = word
        elif words or not re.match(r"[A-Z_]+=", word):
            words.append(word if words else Path(word).name)
    return commands


def reason_not_to_run(text):
    """Return why something is not run; None if it is."""
    return next((reason for pattern, reason in NOT_RUN.items() if re.search(pattern, text)), None)


BLOCKS = [
    block
    for page in PAGES
    for block in read_blocks(page.read_text(encoding="utf-8"), page.relative_to(REPOSITORY).as_posix())
]
PYTHON = [block for block in BLOCKS if block.language == "python"]
COMMANDS = [
    (block, words, target)
    for block in BLOCKS
    if block.language in {"sh", "console", "indented"}
    for words, target in read_commands(block)
]
LESSONS = [*sorted((REPOSITORY / "examples").glob("*.py")), REPOSITORY / "examples" / "GALLERY_HEADER.rst"]
INLINE = [
    (page.relative_to(REPOSITORY).as_posix(), " ".join(found.replace("\n#", "\n").split()))
    for page in [*PAGES, *LESSONS]
    for found in re.findall(r"`((?:\.venv/bin/)?earmark [a-z][^`]*)`", page.read_text(encoding="utf-8"))
]


def named(value):
    return f"{value.page}:{value.line}" if isinstance(value, Block) else None


# ---------------------------------------------------------------- what can be seen without running


def parse(words):
    """Parse what stands after ``earmark`` with the real parser; nothing is run."""
    command = typer.main.get_command(app)
    path = "earmark"
    while words and words[0] in getattr(command, "commands", {}):
        command, path, words = command.commands[words[0]], f"{path} {words[0]}", words[1:]
    if hasattr(command, "commands") and words[:1] not in (["--version"], ["--help"]):
        raise LookupError(f"{path} has no verb {words[:1]}")
    try:
        command.make_context(path, list(words))
    except Exception as error:
        if type(error).__name__ != "Exit":  # --help and --version have answered
            raise


def check_mention(words):
    """Parse a command as a sentence mentions it: values may be placeholders, and something may be missing."""
    try:
        parse(words)
    except Exception as error:
        kind = type(error).__name__
        if kind == "MissingParameter" and error.param.param_type_name == "option":
            check_mention([*words, error.param.opts[0], "x"])  # what else is wrong?
        elif kind not in {"BadParameter", "MissingParameter"} and not (
            kind == "BadOptionUsage" and words[-1][0] == "-"
        ):
            raise


def check_words(words):
    """Raise where a command cannot be: an option, a door, a script or an extra that does not exist."""
    program, *rest = words
    if program == "earmark":
        parse(rest)
    elif program == "make":
        doors = re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        missing = {word for word in rest if "=" not in word} - set(doors)
        if missing:
            raise LookupError(f"the Makefile has no {missing}")
    elif program == "pip":
        extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        wanted = {extra for word in rest for extra in re.findall(r"[\w-]+", "".join(re.findall(r"\[(.*)\]", word)))}
        if not wanted <= set(extras["optional-dependencies"]):
            raise LookupError(f"there is no extra {wanted}")
    elif program == "python" and rest[0] != "-m":
        source = (REPOSITORY / rest[0]).read_text(encoding="utf-8")
        source += "".join(  # scripts share the options that are declared in a module beside them
            path.read_text(encoding="utf-8")
            for path in (REPOSITORY / rest[0]).parent.glob("*.py")
            if re.search(rf"^(from|import) {path.stem}\b", source, re.MULTILINE)
        )
        own = rest[: rest.index("--")] if "--" in rest else rest
        missing = [word for word in own if word.startswith("--") and word not in source]
        if missing:
            raise LookupError(f"{rest[0]} has no {missing}")
    elif reason_not_to_run(" ".join(words)) is None:
        raise LookupError(f"what is {program!r}? A page shows earmark, make, pip and the project's scripts")


@pytest.mark.parametrize(
    ("block", "words", "target"),
    COMMANDS,
    ids=[f"{named(block)} {' '.join(words[:3])}" for block, words, _ in COMMANDS],
)
def test_a_command_can_be_typed_as_it_stands(block, words, target):
    del block, target
    check_words(words)


@pytest.mark.parametrize(("page", "text"), INLINE, ids=[f"{page} {text}" for page, text in INLINE])
def test_a_command_within_a_sentence_can_be_typed(page, text):
    del page
    for words, _ in split_line(text.replace("...", "x")):
        check_mention(words[1:])


def unknown_names(source, granted=""):
    """Return the names of a program that are nowhere: imports that fail, attributes of modules that are not there."""
    tree = ast.parse(f"{granted}\n{source}")
    space, unknown = {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(compile(ast.Module([node], []), "import", "exec"), space)  # noqa: S102 - our own text
    made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    made |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    made |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
    made |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            unknown += [node.id] if node.id not in {*space, *made, *dir(builtins)} else []
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in space:
            thing = space[node.value.id]
            unknown += [] if hasattr(thing, node.attr) or node.value.id in made else [f"{node.value.id}.{node.attr}"]
    return unknown


@pytest.mark.slow
@pytest.mark.parametrize("block", PYTHON, ids=named)
def test_every_name_in_the_python_of_a_page_exists(block):
    before = "\n".join(each.text for each in PYTHON if each.page == block.page and each.line < block.line)
    assert not unknown_names(block.text, f"{TAKEN_FOR_GRANTED.get(block.page, '')}\n{before}")


# ---------------------------------------------------------------- nothing is passed over


def test_every_block_is_of_a_kind_that_is_looked_at():
    kinds = {"python", "sh", "console", "indented", *OUTPUT}
    unknown = [block for block in BLOCKS if block.language not in kinds and not block.language.startswith("{")]
    assert not [(named(block), block.language) for block in unknown]


def test_what_is_shown_as_output_holds_no_command():
    shown = [block for block in BLOCKS if block.language in OUTPUT]
    hidden = [
        named(block) for block in shown if re.search(r"^(\S*/)?earmark [a-z]+ \S*[a-z/]", block.text, re.MULTILINE)
    ]
    assert not hidden


def test_blocks_are_there_to_be_looked_at():
    counted = Counter(block.language for block in BLOCKS)
    assert counted["python"] >= 10
    assert len(COMMANDS) >= 60
    assert len(INLINE) >= 20
    assert sum(reason_not_to_run(" ".join(words)) is None for _, words, _ in COMMANDS) >= 30


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_every_exception_is_needed(pattern):
    texts = [" ".join(words) for _, words, _ in COMMANDS] + [block.text for block in PYTHON]
    assert any(re.search(pattern, text) for text in texts), "nothing needs this exception any more: take it out"


@pytest.mark.parametrize("page", TAKEN_FOR_GRANTED)
def test_what_is_taken_for_granted_belongs_to_a_page(page):
    assert any(block.page == page for block in PYTHON)


# ---------------------------------------------------------------- running them


RUN_PAGES = sorted(
    {block.page for block, words, _ in COMMANDS if reason_not_to_run(" ".join(words)) is None}
    | {block.page for block in PYTHON if reason_not_to_run(block.text) is None}
)


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A run to predict with, where a page has not trained one itself."""
    root = tmp_path_factory.mktemp("small_run")
    make_sounds(root)
    words = ["train", f"{root}/sounds", "-o", f"{root}/run", "--network", "cnn", "--epochs", "1"]
    assert main([*words, "--cache", f"{root}/cache"]) == 0
    return root / "run"


def make_sounds(root):
    """Write what the pages name: folders and a table of labelled sounds, and sounds without a label."""
    import numpy as np  # noqa: PLC0415 - beside its use

    def write(name, frequency_hz, seed, seconds=1.0, artist=None):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        time_s = np.arange(round(22050 * seconds)) / 22050
        noise = np.random.default_rng(seed).standard_normal(len(time_s))
        with soundfile.SoundFile(path, "w", 22050, 1) as file:
            if artist:
                file.artist = artist
            file.write(0.4 * np.sin(2 * np.pi * frequency_hz * time_s) + 0.02 * noise)

    rows = ["path,label,artist,start_s,end_s"]
    for index, label in enumerate(("dog", "rain", "rooster")):
        for number in range(6):
            frequency_hz, seed = 300 * 2**index + 7 * number, 100 * index + number
            for folder in ("sounds", "other_sounds", "copy"):
                write(f"{folder}/{label}/{label}{number}.wav", frequency_hz, seed)
            write(f"music/{label}/{label}{number}.flac", frequency_hz, seed, artist=f"artist {index}{number}")
            rows += [
                f"music/{label}/{label}{number}.flac,{label},artist {index}{number},{at},{at + 0.5}" for at in (0, 0.5)
            ]
    (root / "tracks.csv").write_text("\n".join(rows) + "\n")
    for table in ("sounds.review.csv", "mine.csv", "yours.csv"):
        (root / table).write_text("name,decision\ndog/dog0.wav,drop\n")
    write("bark.ogg", 310, 1)
    write("rain.wav", 620, 2)
    write("evening.flac", 600, 3, seconds=12)


def quicker(words):
    """Return a command with one epoch of a small network where it would train for minutes."""
    if words[1] != "train":
        return words
    aids = [] if {"--network", "--config"} & set(words) else ["--network", "cnn"]
    return [*words, *aids, *([] if "--epochs" in words else ["--epochs", "1"])]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("default")  # a reader's Python shows warnings and goes on
@pytest.mark.parametrize("page", RUN_PAGES)
def test_a_page_runs_from_top_to_bottom(page, small_run, tmp_path, monkeypatch, capsys):
    make_sounds(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    space = {"__name__": "page"}
    exec(TAKEN_FOR_GRANTED.get(page, ""), space)  # noqa: S102 - our own text
    for block in [block for block in BLOCKS if block.page == page]:
        if block.language == "python" and reason_not_to_run(block.text) is None:
            bring_runs(re.findall(r"(?:load|write_report)\(\"(runs/[\w-]+)\"", block.text), small_run)
            exec(compile(block.text, named(block), "exec"), space)  # noqa: S102 - our own text
        elif block.language in {"sh", "console", "indented"}:
            for words, target in read_commands(block):
                if reason_not_to_run(" ".join(words)) is None:
                    run(words, target, small_run, capsys, named(block))


def bring_runs(words, small_run):
    """Put the small run where a page uses one that it has not trained."""
    for path in map(Path, words):
        if path.parts[:1] == ("runs",) and not path.exists():
            shutil.copytree(small_run, path)


def run(words, target, small_run, capsys, where):
    """Run one command in this process; its output goes where the page says."""
    is_out = [before in {"-o", "--out"} for before in words]
    bring_runs([word for word, after_out in zip(words[1:], is_out, strict=False) if not after_out], small_run)
    capsys.readouterr()
    status = main(quicker(words)[1:])
    answer = capsys.readouterr()
    expected = {0, 3} if "--fail-on" in words else {0}
    assert status in expected, f"{where}: {' '.join(words)}\n{answer.err}"
    if target:
        Path(target).write_text(answer.out, encoding="utf-8")


# ---------------------------------------------------------------- the reading catches planted faults

TEXT = """# A page

    earmark train sounds/ -o runs/x    # a comment
    91 % of 400 clips

* a list

    that goes on

```python
x = 1
```

```sh
A=1 .venv/bin/earmark config show --network lstm > lstm.toml && earmark plot \\
    a.wav -o a.png
```

:::{note}
earmark nothing
:::
"""


def test_blocks_are_read_with_their_lines_and_languages():
    found = [(block.line, block.language) for block in read_blocks(TEXT)]
    assert found == [(3, "indented"), (10, "python"), (14, "sh"), (19, "{note}")]


def test_commands_are_read_without_comments_output_and_variables():
    blocks = read_blocks(TEXT)
    assert read_commands(blocks[0]) == [(["earmark", "train", "sounds/", "-o", "runs/x"], None)]
    assert read_commands(blocks[2]) == [
        (["earmark", "config", "show", "--network", "lstm"], "lstm.toml"),
        (["earmark", "plot", "a.wav", "-o", "a.png"], None),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "earmark trian sounds/",
        "earmark train sounds/ -o x --epoch 3",
        "earmark train sounds/ -o x --seed three",
        "earmark predict",
        "earmark config shwo",
        "make dmo",
        "pip install 'earmark[tunes]'",
        ".venv/bin/python benchmarks/nothing.py",
        ".venv/bin/python benchmarks/startup.py --nothing",
        "frobnicate sounds/",
    ],
)
def test_a_command_that_cannot_be_is_caught(line):
    with pytest.raises(Exception, match=r"."):
        check_words(split_line(line)[0][0])


@pytest.mark.parametrize("line", ["earmark --version", "earmark train --help", "make test docs", "pip install earmark"])
def test_a_command_that_can_be_is_left_alone(line):
    check_words(split_line(line)[0][0])


@pytest.mark.parametrize("source", ["import earmark\nearmark.open_datasets('x')", "open_dataset('x')", "print(x.y)"])
def test_a_name_that_is_nowhere_is_caught(source):
    assert unknown_names(source)


def test_what_a_sentence_mentions_and_is_nowhere_is_caught():
    for words in (
        ["train", "x", "--epoch", "3"],
        ["config", "shwo"],
        ["shwo"],
        ["features", "extract", "x/"],
    ):
        with pytest.raises(Exception, match=r"(?i)no such option|no verb|unexpected extra"):
            check_mention(words)
    check_mention(["train", "--epochs"])
    check_mention(["train", "DATA", "--epochs", "N"])
    check_mention(["train"])


def test_a_module_that_is_nowhere_is_caught():
    with pytest.raises(ModuleNotFoundError):
        unknown_names("from earmark.nowhere import x")


def test_names_that_are_made_or_granted_are_left_alone():
    assert not unknown_names("y = [z for z in x]\ndef f(a): return a\nf(y).anything", "x = 1")
    assert importlib.import_module("earmark")
