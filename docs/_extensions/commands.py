"""The command reference, written from the parser of the command line: each verb with its arguments and options."""

import re
from collections.abc import Iterator
from typing import Any

import typer
from sphinx.application import Sphinx

from earmark.cli.app import app as command_line

PLACE = "<!-- every verb, from the parser -->"
_MARKUP = re.compile(r"\[/?[a-z ]*\]")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the verbs into each page that has the mark."""
    app.connect("source-read", write_into)
    app.connect(
        "env-get-outdated", lambda app, *_: [name for name in app.env.found_docs if name == "reference/commands"]
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_into(_app: Sphinx, _name: str, source: list[str]) -> None:
    """Put the verbs in the place of the mark."""
    if PLACE in source[0]:
        source[0] = source[0].replace(PLACE, all_verbs())


def all_verbs() -> str:
    """Return every verb of the command line as Markdown, in the order of its help."""
    return "\n".join(line for path, command in verbs() for line in describe(path, command))


def verbs() -> Iterator[tuple[str, Any]]:
    """Yield every verb with its command, such as ``config show``."""
    for name, command in typer.main.get_command(command_line).commands.items():
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {verb}", each) for verb, each in inner.items())


def describe(path: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - a class of typer's own copy of click
    """Yield the Markdown of one verb: what it does, its arguments and options as a table, an example."""
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    shown = " ".join(_argument(each) for each in arguments)
    yield from (f"## `earmark {path}`", "", _words(command.help or ""), "")
    yield from ("```text", f"earmark {path} {shown}".rstrip() + (" [OPTIONS]" if options else ""), "```", "")
    yield from _table("argument", [(f"`{_argument(each)}`", each) for each in arguments])
    yield from _table("option", [(_option(each), each) for each in options])
    if command.epilog:
        yield from (f"Example: `{command.epilog.removeprefix('Example: ')}`", "")


def _table(kind: str, rows: list[tuple[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    yield from (f"| {kind} | does | default |", "|---|---|---|")
    for name, parameter in rows:
        text, default = _default(parameter)
        yield f"| {name} | {_cell(text)} | {_cell(default)} |"
    yield ""


def _argument(parameter: Any) -> str:  # noqa: ANN401 - as above
    name = (parameter.metavar or parameter.name).strip("[]{}.").upper() + ("..." if parameter.nargs != 1 else "")
    return name if parameter.required else f"[{name}]"


def _option(parameter: Any) -> str:  # noqa: ANN401 - as above
    names = ", ".join(f"`{name}`" for name in sorted(parameter.opts, key=len))
    if parameter.is_flag:
        return names
    return f"{names} `{parameter.metavar or parameter.name.upper()}`"


def _default(parameter: Any) -> tuple[str, str]:  # noqa: ANN401 - as above
    """Return what a parameter does, and its default: that of the parser, or the one which its help names."""
    text = _words(parameter.help or "")
    if told := re.search(r"\s*\(default: ((?:[^()]|\([^()]*\))*)\)", text):
        return text[: told.start()] + text[told.end() :], told[1]
    if parameter.required:
        return text, "must be given"
    if parameter.default is None or parameter.default == () or "Sentinel" in type(parameter.default).__name__:
        return text, "none"
    if parameter.is_flag:
        return text, "yes" if parameter.default else "no"
    return text, f"`{parameter.default}`"


def _words(text: str) -> str:
    return _MARKUP.sub("", " ".join(text.split()))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
