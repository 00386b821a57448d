"""The page that all reports share: sections, each made behind a guard, in one file that loads nothing."""

import base64
import hashlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError

from earmark.data.dataset import count
from earmark.errors import EarmarkError
from earmark.evaluate.intervals import Estimate

_FAULTS = (  # torch's and soundfile's are RuntimeErrors
    EarmarkError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TemplateError,
    TypeError,
    ValueError,
)
_MINUTE_S = 60
_SMALLEST = 0.001


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page.

    Attributes:
        anchor: Where links to it lead.
        link: What the links say; nothing for a part that none leads to.
        title: Its heading.
        body: What it shows, as HTML.
        fault: Why it could not be made; nothing where it could.
    """

    anchor: str
    link: str
    title: str
    body: str
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands above all sections.

    Attributes:
        kind: What kind of report it is.
        title: What it is about.
        facts: What a reader sees first, in a few words each.
        version: That of earmark which made the results.
    """

    kind: str
    title: str
    facts: tuple[str, ...]
    version: str


def make_section(
    anchor: str,
    link: str,
    title: str,
    content: Callable[[], Mapping[str, Any]],
    *,
    template: str = "",
    hidden: Sequence[Path] = (),
) -> Section:
    """Return a part of a page; where it cannot be made, one that says why, so that the other parts are still shown.

    Args:
        anchor: Where links to it lead.
        link: What the links say.
        title: Its heading.
        content: Returns what its template shows.
        template: The name of the template, without its endings; that of the anchor if none.
        hidden: Places whose folders a fault may not name: see `without_folders`.
    """
    try:
        body = templates().get_template(f"{template or anchor}.html.j2").render(content())
    except _FAULTS as error:
        fault = without_folders(describe_fault(error), hidden)
        body = templates().get_template("fault.html.j2").render(fault=fault)
        return Section(anchor=anchor, link=link, title=title, body=body, fault=fault)
    return Section(anchor=anchor, link=link, title=title, body=body)


def describe_fault(error: Exception) -> str:
    """Return an error as a sentence for a reader.

    >>> describe_fault(KeyError("labels"))
    "a file of it is broken or of another version (KeyError('labels'))"
    """
    if isinstance(error, EarmarkError):
        return str(error)
    return f"a file of it is broken or of another version ({error!r})"


def without_folders(text: str, places: Sequence[Path]) -> str:
    """Return text without the folders above some places: they may name a person or a project.

    >>> without_folders("/home/ann/runs/first/split.csv is gone", [Path("/home/ann/runs/first")])
    'first/split.csv is gone'
    """
    above = {str(one.parent) for place in places for one in (place, place.resolve()) if one.parent != one}
    for folder in sorted(above - {"/", "."}, key=len, reverse=True):
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def render_page(head: Head, sections: Sequence[Section]) -> str:
    """Return a whole page: it says how large it is, and forbids itself to load anything.

    Args:
        head: What stands above.
        sections: Its parts, in order.
    """
    script = files("earmark.report").joinpath("templates/report.js").read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode("ascii")
    content = {"head": head, "sections": sections, "script": script, "digest": digest}
    template = templates().get_template("report.html.j2")
    n_bytes = len(template.render(content, size="").encode())
    return template.render(content, size=f"{n_bytes / 1e6:.1f} MB")


@cache
def templates() -> Environment:
    """Return the templates, with the ways to write numbers that they know."""
    environment = bare_templates()
    environment.filters["percent"] = percent
    environment.filters["whole_percent"] = whole_percent
    environment.filters["duration"] = duration
    environment.filters["spelled"] = spelled
    environment.filters["number"] = number
    return environment


def bare_templates() -> Environment:
    """Return the templates of the room, a new set each time, to which a page adds its ways to write numbers."""
    environment = Environment(
        loader=PackageLoader("earmark.report"),
        autoescape=True,  # labels and paths are the user's text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["count"] = count
    return environment


def percent(share: float) -> str:
    r"""Return a share in per cent, with a digit behind the point.

    >>> percent(0.12345)
    '12.3\xa0%'
    """
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%" if math.isfinite(share) else "no number"


def whole_percent(share: float) -> str:
    r"""Return a share in whole per cent; halves go up, as a reader expects.

    >>> whole_percent(0.125)
    '13\xa0%'
    """
    return f"{math.floor(100 * share + 0.5)}\N{NO-BREAK SPACE}%" if math.isfinite(share) else "no number"


def spelled(estimate: Estimate, most: float = 1.0) -> str:
    """Return a score with its interval: a share in per cent, what can be above 1 as it is.

    >>> print(
    ...     spelled(Estimate(value=0.5, low=0.25, high=0.75)),
    ...     spelled(Estimate(value=1.25, low=None, high=None), most=2),
    ... )
    50.0 (25.0 to 75.0) 1.25
    """
    scale, digits = (100, 1) if most == 1 else (1, 2)
    text = f"{scale * estimate.value:.{digits}f}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({scale * estimate.low:.{digits}f} to {scale * estimate.high:.{digits}f})"


def number(value: float) -> str:
    """Return a number short enough for a table.

    >>> number(0.00001), number(0.0213), number(3.0)
    ('below 0.001', '0.021', '3')
    """
    if 0 < value < _SMALLEST:
        return f"below {_SMALLEST}"
    return f"{round(value, 3):g}"


def duration(time_s: float) -> str:
    """Return a length of time as a person says it.

    >>> duration(12.34), duration(200)
    ('12.3 s', '3 min 20 s')
    """
    if time_s < _MINUTE_S:
        return f"{time_s:.1f} s"
    minutes, seconds = divmod(round(time_s), _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
