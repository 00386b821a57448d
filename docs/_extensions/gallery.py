"""How the lessons of the gallery are drawn: the house's light look, and figures that pyplot knows nothing of."""

import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

from earmark.plots.theme import LIGHT

_CURVES = (LIGHT.line, "#c2533c", "#2f6f9f", "#8a6d1f", "#6b4a8c", LIGHT.pale)


_FILTERS = list(warnings.filters)


def set_look(gallery_conf: dict[str, Any], file_name: str, when: str) -> None:
    """Give pyplot the light theme of `earmark.plots` before each lesson, and make errors of its warnings.

    The paper is opaque, so that a picture reads well on the dark page too.
    """
    del gallery_conf, file_name
    if when == "after":
        warnings.resetwarnings()
        warnings.filters[:] = _FILTERS  # what Sphinx says of itself stops nothing
        return
    if "quiet-to-loud" not in mpl.colormaps:
        mpl.colormaps.register(LIGHT.colours, name="quiet-to-loud")
    mpl.rcParams.update(
        {
            "figure.facecolor": LIGHT.paper,
            "figure.figsize": (7.2, 3.6),
            "savefig.facecolor": LIGHT.paper,
            "axes.facecolor": LIGHT.paper,
            "axes.edgecolor": LIGHT.pale,
            "axes.labelcolor": LIGHT.ink,
            "axes.titlecolor": LIGHT.ink,
            "axes.titlesize": 10.0,
            "axes.labelsize": 9.0,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=_CURVES),
            "text.color": LIGHT.ink,
            "xtick.color": LIGHT.ink,
            "ytick.color": LIGHT.ink,
            "xtick.labelsize": 9.0,
            "ytick.labelsize": 9.0,
            "legend.frameon": False,
            "legend.fontsize": 9.0,
            "image.cmap": "quiet-to-loud",
        }
    )
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")  # plt.show() is for readers


def save_figures(block: tuple[Any, ...], block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the figures of a cell that pyplot does not know, as those of `earmark.plots`, and return the reST for them.

    What pyplot knows has been saved and closed by sphinx-gallery's own way before.
    """
    del block
    variables = block_vars["example_globals"]
    saved = variables.setdefault("__saved_figures__", [])
    figures = {id(value): value for value in variables.values() if isinstance(value, Figure)}
    paths = []
    for key, figure in figures.items():
        if key in saved or not hasattr(figure, "canvas") or _is_of_pyplot(figure):
            continue
        path = Path(next(block_vars["image_path_iterator"])).with_suffix(".png")
        figure.savefig(path, dpi=150)
        saved.append(key)
        paths.append(str(path))
    return figure_rst(paths, gallery_conf["src_dir"]) if paths else ""


def _is_of_pyplot(figure: Figure) -> bool:
    return getattr(figure.canvas, "manager", None) is not None or hasattr(figure, "number")
