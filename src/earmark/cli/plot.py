"""``earmark plot``: a sound, or one clip of each class of a data set, as a picture to read."""

from pathlib import Path
from typing import Annotated, Any

import typer

from earmark.cli.console import ProgressBar, name_bad_files, show, talk
from earmark.errors import SettingError


def plot(
    target: Annotated[
        Path, typer.Argument(help="A sound file; or a data set: folder of class folders, ESC-50 checkout, table.")
    ],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture: .png, .svg, .pdf or .jpg.", metavar="FILE")],
    kind: Annotated[
        str | None,
        typer.Option(
            help="waveform, spectrum, spectrogram, log-spectrogram, mel, mfcc or all "
            "(default: all of a sound, mel of a data set).",
            metavar="NAME",
        ),
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Draw light on dark.")] = False,
    start_s: Annotated[float, typer.Option(help="Where to begin, in seconds.", metavar="X")] = 0.0,
    duration_s: Annotated[
        float | None,
        typer.Option(help="How much to draw, in seconds (default: a whole sound, 30 s of a clip).", metavar="X"),
    ] = None,
    full_spectrum: Annotated[
        bool, typer.Option("--full-spectrum", help="Show the mirrored half of the spectrum too.")
    ] = False,
    dpi: Annotated[int, typer.Option(help="Dots an inch.", metavar="N")] = 120,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the picture that is there.")] = False,
) -> None:
    """Draw a sound, or one clip of each class of a data set, and print where the picture is."""
    from earmark.plots.catalogue import PLOTS
    from earmark.plots.write import check_target, write_figure

    is_sound = not _is_data_set(target)
    kind = kind or ("all" if is_sound else "mel")
    has_spectrum = PLOTS[kind].has_spectrum
    if full_spectrum and not (is_sound and has_spectrum):
        raise _no_spectrum(kind)
    check_target(out, dpi=dpi, overwrite=overwrite)
    if is_sound:
        figure = _draw_sound(target, kind, dark=dark, full=full_spectrum, start_s=start_s, duration_s=duration_s)
    else:
        figure = _draw_data_set(target, kind, dark=dark, start_s=start_s, duration_s=duration_s)
    write_figure(figure, out, dpi=dpi, overwrite=overwrite)
    show(str(out))


def _no_spectrum(kind: str) -> SettingError:
    return SettingError(f"--full-spectrum belongs to a sound with --kind spectrum or all, not {kind}")


def _is_data_set(target: Path) -> bool:
    """Return whether a target is meant as a data set; what is not there is what its name says."""
    from earmark.audio.read import AUDIO_SUFFIXES
    from earmark.data.sources.catalogue import SOURCES

    if target.is_file():
        return any(source.recognises(target) for source in SOURCES.values())
    return target.suffix.lower() not in AUDIO_SUFFIXES or target.is_dir()


def _draw_sound(path: Path, kind: str, *, dark: bool, full: bool, start_s: float, duration_s: float | None) -> Any:  # noqa: ANN401 - a Figure, whose import would load matplotlib
    from earmark.audio.read import read_sound
    from earmark.plots.catalogue import PLOTS

    waveform, sample_rate = read_sound(path, start_s=start_s, duration_s=duration_s)
    settings: dict[str, Any] = {"title": path.name, "dark": dark}
    if PLOTS[kind].has_time:
        settings["start_s"] = start_s
    if PLOTS[kind].has_spectrum:
        settings["full"] = full
    return PLOTS[kind].plot(waveform, sample_rate, **settings)


def _draw_data_set(path: Path, kind: str, *, dark: bool, start_s: float, duration_s: float | None) -> Any:  # noqa: ANN401 - a Figure, whose import would load matplotlib
    from earmark.data.open import open_dataset
    from earmark.plots.grid import plot_grid

    dataset = open_dataset(path)
    with ProgressBar() as progress:
        figure, bad = plot_grid(
            dataset,
            kind,
            title=path.absolute().name,
            dark=dark,
            start_s=start_s,
            duration_s=duration_s,
            progress=progress,
        )
    for note in dataset.notes:
        talk(f"note: {note}")
    name_bad_files([(error.path, error.reason) for error in bad], dataset.n)
    return figure
