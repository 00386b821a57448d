"""How plots look, light and dark: colours, sheets of paper to draw on, and words that the font can write."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

from earmark.features.colour_map import colour_table

_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_CUT = "\N{HORIZONTAL ELLIPSIS}"
_MOST_LETTERS = 300  # more fit on no page
_RED, _BLUE = "#c2533c", "#2f6f9f"


@dataclass(frozen=True, kw_only=True)
class Theme:
    """The colours of a plot.

    Attributes:
        paper: Behind everything.
        ink: Words, ticks and frames.
        pale: Lines that guide the eye, and remarks.
        line: A curve.
        colours: From quiet to loud.
        signed: From negative over nothing, which is the paper, to positive.
    """

    paper: str
    ink: str
    pale: str
    line: str
    colours: Colormap
    signed: Colormap


_COLOURS = ListedColormap((colour_table() / 255.0).tolist(), "quiet-to-loud")


def _signed(negative: str, strong_negative: str, paper: str, positive: str, strong_positive: str) -> Colormap:
    anchors = [strong_negative, negative, paper, positive, strong_positive]
    return LinearSegmentedColormap.from_list("negative-to-positive", anchors)


LIGHT = Theme(
    paper="#ffffff",
    ink="#1d2733",
    pale="#7c8894",
    line="#146e76",
    colours=_COLOURS,
    signed=_signed(_BLUE, "#123a5c", "#f7f7f4", _RED, "#6b1f12"),
)
DARK = Theme(
    paper="#12171e",
    ink="#e4e8ec",
    pale="#8793a0",
    line="#54b8a4",
    colours=_COLOURS,
    signed=_signed(_BLUE, "#a9d3f2", "#1a2028", _RED, "#f7c4b4"),
)


def theme_of(*, dark: bool) -> Theme:
    """Return the dark theme or the light one."""
    return DARK if dark else LIGHT


def new_figure(width: float, height: float, theme: Theme, *, arrange: bool = True) -> Figure:
    """Return an empty figure that nothing else knows of: pyplot does not, so it need not be closed.

    Args:
        width: In inches.
        height: In inches.
        theme: Its colours.
        arrange: Whether matplotlib finds room for labels and colour bars when it draws; else margins are set by hand.
    """
    room = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08) if arrange else None  # inches
    figure = Figure((width, height), dpi=100, facecolor=theme.paper, layout=room)
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Axes, theme: Theme, *, size: float = 9.0) -> None:
    """Give axes the colours of a theme.

    Args:
        axes: The axes, or those of a colour bar.
        theme: The colours.
        size: Of words, in points.
    """
    axes.set_facecolor(theme.paper)
    axes.grid(visible=False)
    axes.tick_params(which="both", colors=theme.ink, labelsize=size, length=3, width=0.7)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=theme.ink, fontsize=size)
    for spine in axes.spines.values():
        spine.set(edgecolor=theme.pale, linewidth=0.7)


def write(text: Text, words: str, *, inches: float) -> None:
    """Set words of somebody else, such as the name of a file, as they are.

    A dollar sign starts no formula. What cannot be shown (line breaks, letters that the font does not have) becomes
    one replacement character each. To write in other scripts, name a font that has them before a plot is made:
    ``matplotlib.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans CJK JP"]``.

    Args:
        text: Where they go; in a figure, and with its size set.
        words: The words.
        inches: How much room there is. What is longer loses its middle.
    """
    shown = shorten(legible(words), _MOST_LETTERS)
    n_letters = len(shown)
    text.set_parse_math(False)
    text.set_text(shown)
    while n_letters > 1 and (width := width_of(text)) > inches:
        n_letters = max(1, min(n_letters - 1, int(n_letters * inches / width)))
        text.set_text(shorten(shown, n_letters))


def width_of(text: Text) -> float:
    """Return how wide a text is, in inches; 0 where it is in no figure."""
    figure = text.get_figure()
    return text.get_window_extent().width / figure.dpi if figure else 0.0


def legible(words: str) -> str:
    """Return words with what the fonts in use cannot show replaced.

    >>> legible("Ω$" + chr(10))
    'Ω$\N{REPLACEMENT CHARACTER}'
    """
    wanted = set(words)
    shown = {letter for letter in wanted if letter.isprintable() and letter.isascii()}
    if wanted - shown:
        fonts = [get_font(findfont(FontProperties(family=[family]))) for family in FontProperties().get_family()]
        shown |= {
            letter
            for letter in wanted - shown
            if letter.isprintable() and any(font.get_char_index(ord(letter)) for font in fonts)
        }
    return "".join(letter if letter in shown else _UNKNOWN for letter in words)


def shorten(words: str, n_letters: int) -> str:
    """Return words without their middle where they are longer than `n_letters`: names differ at their ends.

    >>> shorten("a_very_long_name.wav", 11)
    'a_ver\N{HORIZONTAL ELLIPSIS}e.wav'
    """
    if len(words) <= n_letters:
        return words
    n_head = n_letters // 2
    return words[:n_head] + _CUT + words[len(words) - (n_letters - n_head - 1) :]
