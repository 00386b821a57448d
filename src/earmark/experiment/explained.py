"""What is written of explanations: pictures, sounds and tables in a folder of their own."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from earmark._util.files import write_folder_whole, write_json
from earmark.audio.read import read_sound
from earmark.audio.write import write_sound
from earmark.data.clip import Clip
from earmark.errors import StorageError
from earmark.explain.explanation import Explanation
from earmark.explain.layers import Layer, feature_maps, find_layer, first_filters, is_convolutional, stages_of
from earmark.explain.listen import Heard, kept_and_removed, relevance_mask, smooth_relevance
from earmark.explain.permutation import Importances
from earmark.explain.profile import Profile, Profiles
from earmark.inference.predictor import Predictor, Sound

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from earmark.plots.profiles import Curves

_OURS = frozenset(
    {
        *("explanation.json", "relevance.png", "relevance.npz", "kept.wav", "removed.wav", "filters.png", "maps"),
        *("profiles.json", "profiles.csv", "over_frequency.png", "over_time.png"),
        *("importance.json", "importance.csv", "importance.png"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written of an explanation.

    Attributes:
        paths: The files.
        heard: The clip in two parts; None where nothing can be heard.
        notes: What a person should know.
    """

    paths: tuple[Path, ...]
    heard: Heard | None = None
    notes: tuple[str, ...] = ()


def draw_explanation(
    explanation: Explanation,
    *,
    title: str | None = None,
    dark: bool = False,
    size: tuple[float, float] | None = None,
) -> "Figure":
    """Return the picture of an explanation: over time and frequency, or of statistics as bars.

    Args:
        explanation: What is drawn.
        title: What stands above, such as the name of the file.
        dark: Whether to draw light on dark.
        size: Width and height, in inches; None for that of a page.
    """
    from earmark.plots.bars import plot_bars  # noqa: PLC0415 - it brings matplotlib
    from earmark.plots.relevance import SIZE, Seen, plot_relevance  # noqa: PLC0415 - it brings matplotlib

    says = f"{explanation.label} {explanation.probability:.1%}"
    says += "" if explanation.label == explanation.decided else f", decided: {explanation.decided}"
    heading = f"{title}: {says}" if title else says
    joined, axes = explanation.joined(), explanation.axes
    if joined.relevance.shape[1] == 1:
        values = {name: 100 * share for name, share in explanation.by_group().items()}
        return plot_bars(values, label=f"share of what speaks for it (%), by {explanation.method}", title=heading)
    has_all = axes.frequencies_hz is not None and not np.isnan(axes.frequencies_hz).any()
    seen = Seen(
        features=joined.features,
        times_s=joined.times_s,
        frequencies_hz=axes.frequencies_hz if has_all else None,
        top_hz=axes.top_hz,
        scale=axes.scale,
        name="what the network sees",
    )
    smooth = smooth_relevance(joined.relevance, axes)
    kept = relevance_mask(joined.relevance, axes) if axes.is_heard and not explanation.is_empty else None
    found = explanation.faithfulness
    remark = explanation.method + (f" at {explanation.layer}" if explanation.layer else "")
    if found:
        remark += f"; deletion {found.deletion_area:.2f}, random {found.random_deletion_area:.2f}"
    return plot_relevance(seen, smooth, kept=kept, title=heading, remark=remark, dark=dark, size=size or SIZE)


def check_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder that explanations must not be written to, before anything is computed.

    Args:
        folder: Where they are to be.
        overwrite: Whether explanations that are there may be replaced.

    Raises:
        StorageError: It is a file, holds other files, or holds explanations and is not to be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file: an explanation needs a folder")
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if held - _OURS:
        others = ", ".join(sorted(held - _OURS)[:3])
        raise StorageError(f"{folder} holds files that are not an explanation's ({others}): give another with -o")
    if held and not overwrite:
        raise StorageError(f"{folder} holds an explanation already: give another with -o, or --overwrite")


def write_explanation(
    explanation: Explanation,
    folder: Path,
    predictor: Predictor,
    sound: Sound,
    *,
    layer: str | None = None,
    dark: bool = False,
    overwrite: bool = False,
) -> Written:
    """Write the picture of an explanation, its numbers, the clip in two parts, and what each layer sees.

    The folder is there whole or not at all. ``explanation.json`` has the numbers, ``relevance.npz`` the arrays,
    ``relevance.png`` the picture; ``kept.wav`` is the clip with only what mattered and ``removed.wav`` the rest, where
    the classifier hears sound. Of a network with convolutions, ``filters.png`` shows the first filters, and ``maps/``
    what the layers give for the segment with the highest probability.

    Args:
        explanation: What is written.
        folder: Where; it is made.
        predictor: The classifier.
        sound: The path or clip that was explained.
        layer: The layer whose maps are drawn; None for each stage of the network.
        dark: Whether to draw light on dark.
        overwrite: Whether explanations that are there may be replaced.

    Raises:
        StorageError: The folder holds something else, or cannot be written.
        SettingError: There is no such layer, or the network has none.
        AudioError: The clip cannot be read any more.
    """
    from earmark.plots.write import write_figure  # noqa: PLC0415 - it brings matplotlib

    check_folder(folder, overwrite=overwrite)
    path = sound.path if isinstance(sound, Clip) else Path(sound)
    features = torch.from_numpy(explanation.network_features[[int(explanation.segment_probabilities.argmax())]])
    layers = _layers(predictor, features.to(predictor.graph.temperature.device), layer)
    heard = _heard(explanation, predictor, sound)
    with write_folder_whole(folder) as part:
        value = {"path": str(path), **explanation.to_json(), "heard": _of_heard(heard)}
        write_json(part / "explanation.json", value)
        _write_arrays(part / "relevance.npz", explanation)
        write_figure(draw_explanation(explanation, title=path.name, dark=dark), part / "relevance.png")
        if heard:
            _, sample_rate = heard
            write_sound(part / "kept.wav", heard[0].kept, sample_rate)
            write_sound(part / "removed.wav", heard[0].removed, sample_rate)
        if is_convolutional(predictor.graph):
            _write_layers(part, predictor, features, layers, dark=dark)
        names = sorted(str(each.relative_to(part)) for each in part.rglob("*") if each.is_file())
    notes = () if heard else ("nothing is written as sound: " + _why_not_heard(explanation, predictor),)
    return Written(paths=tuple(folder / name for name in names), heard=heard[0] if heard else None, notes=notes)


def write_profiles(
    profiles: Profiles, folder: Path, *, title: str | None = None, dark: bool = False, overwrite: bool = False
) -> Written:
    """Write what a classifier listens to: two pictures, a table, and JSON.

    Args:
        profiles: What is written.
        folder: Where; it is made.
        title: What stands above the pictures.
        dark: Whether to draw light on dark.
        overwrite: Whether explanations that are there may be replaced.

    Raises:
        StorageError: The folder holds something else, or cannot be written.
    """
    from earmark.plots.profiles import plot_profiles  # noqa: PLC0415 - it brings matplotlib
    from earmark.plots.write import write_figure  # noqa: PLC0415 - it brings matplotlib

    check_folder(folder, overwrite=overwrite)
    axes = profiles.axes
    has_all = axes.frequencies_hz is not None and not np.isnan(axes.frequencies_hz).any()
    with write_folder_whole(folder) as part:
        write_json(part / "profiles.json", profiles.to_json())
        _write_table(part / "profiles.csv", _HEADER, _rows(profiles))
        if profiles.profiles:
            figure = plot_profiles(
                _curves(profiles, over_time=False),
                frequencies_hz=axes.frequencies_hz if has_all else None,
                top_hz=axes.top_hz,
                scale=None if axes.scale == "number" else axes.scale,
                over="bins, from the first to the last (%)",
                title=title,
                dark=dark,
            )
            write_figure(figure, part / "over_frequency.png")
        if any(profile.over_time is not None for profile in profiles.profiles):
            curves = _curves(profiles, over_time=True)
            words = "time, from beginning to end of a clip (%)"
            write_figure(plot_profiles(curves, over=words, title=title, dark=dark), part / "over_time.png")
        names = sorted(each.name for each in part.iterdir())
    return Written(paths=tuple(folder / name for name in names))


def write_importances(
    importances: Importances, folder: Path, *, title: str | None = None, dark: bool = False, overwrite: bool = False
) -> Written:
    """Write what shuffling each group of features costs: a picture, a table, and JSON.

    Args:
        importances: What is written.
        folder: Where; it is made.
        title: What stands above the picture.
        dark: Whether to draw light on dark.
        overwrite: Whether explanations that are there may be replaced.

    Raises:
        StorageError: The folder holds something else, or cannot be written.
    """
    from earmark.plots.bars import plot_bars  # noqa: PLC0415 - it brings matplotlib
    from earmark.plots.write import write_figure  # noqa: PLC0415 - it brings matplotlib

    check_folder(folder, overwrite=overwrite)
    groups = importances.groups
    figure = plot_bars(
        {group.name: 100 * group.accuracy_lost for group in groups},
        label=f"accuracy lost when shuffled (points; {importances.n_clips} clips, {importances.n_repeats} times)",
        title=title,
        deviations={group.name: 100 * group.deviation for group in groups},
        dark=dark,
    )
    header = ("name", "accuracy_lost", "deviation", "probability_lost")
    with write_folder_whole(folder) as part:
        write_json(part / "importance.json", importances.to_json())
        _write_table(part / "importance.csv", header, ([group.to_json()[name] for name in header] for group in groups))
        write_figure(figure, part / "importance.png")
        names = sorted(each.name for each in part.iterdir())
    return Written(paths=tuple(folder / name for name in names))


_HEADER = ("label", "kind", "clips", "over", "place", "share")


def _rows(profiles: Profiles) -> Iterable[tuple[object, ...]]:
    for profile in profiles.profiles:
        said = (profile.label, profile.kind, profile.n_clips)
        for name, share in zip(profiles.axes.bin_names, profile.over_frequency.tolist(), strict=True):
            yield (*said, "frequency", name, f"{share:.6f}")
        for number, share in enumerate([] if profile.over_time is None else profile.over_time.tolist()):
            yield (*said, "time", number, f"{share:.6f}")


def _curves(profiles: Profiles, *, over_time: bool) -> list["Curves"]:
    from earmark.plots.profiles import Curves  # noqa: PLC0415 - it brings matplotlib

    by_kind = {(profile.label, profile.kind): profile for profile in profiles.profiles}

    def values(profile: Profile | None) -> Any:  # noqa: ANN401 - an array, or None
        if profile is None:
            return None
        return profile.over_time if over_time else profile.over_frequency

    found = []
    for label in dict.fromkeys(profile.label for profile in profiles.profiles):
        right, wrong = by_kind.get((label, "right")), by_kind.get((label, "wrong"))
        n_right, n_wrong = (each.n_clips if each else 0 for each in (right, wrong))
        found.append(Curves(label=label, right=values(right), wrong=values(wrong), n_right=n_right, n_wrong=n_wrong))
    return found


def _layers(predictor: Predictor, features: torch.Tensor, layer: str | None) -> tuple[Layer, ...]:
    if layer is not None:
        return (find_layer(predictor.graph, features, layer),)
    return stages_of(predictor.graph, features) if is_convolutional(predictor.graph) else ()


def _write_layers(
    folder: Path, predictor: Predictor, features: torch.Tensor, layers: Iterable[Layer], *, dark: bool
) -> None:
    from earmark.plots.layers import plot_filters, plot_maps  # noqa: PLC0415 - it brings matplotlib
    from earmark.plots.write import write_figure  # noqa: PLC0415 - it brings matplotlib

    name, filters = first_filters(predictor.graph)
    write_figure(plot_filters(filters, title=name, dark=dark), folder / "filters.png")
    features = features.to(predictor.graph.temperature.device)
    for number, layer in enumerate(layers, start=1):
        (maps,) = feature_maps(predictor.graph, features, layer.name)
        title = layer.name + ("" if layer.has_time else " (rates of change, not times)")
        write_figure(plot_maps(maps, title=title, dark=dark), folder / "maps" / f"{number:02d}-{layer.name}.png")


def _heard(explanation: Explanation, predictor: Predictor, sound: Sound) -> tuple[Heard, int] | None:
    if explanation.is_empty or not explanation.axes.is_heard or predictor.takes != "waveform":
        return None
    if isinstance(sound, Clip):
        waveform, sample_rate = read_sound(sound.path, start_s=sound.start_s, duration_s=sound.duration_s)
    else:
        waveform, sample_rate = read_sound(sound)
    return kept_and_removed(waveform, sample_rate, explanation), sample_rate


def _why_not_heard(explanation: Explanation, predictor: Predictor) -> str:
    if predictor.takes != "waveform":
        return f"the classifier learnt from {predictor.takes_words}"
    if explanation.is_empty:
        return "nothing speaks for the class"
    return "statistics have neither times nor frequencies"


def _of_heard(heard: tuple[Heard, int] | None) -> dict[str, float] | None:
    if heard is None:
        return None
    parts, _ = heard
    return {
        "gain": round(parts.gain, 6),
        "energy_kept": round(parts.energy_kept, 6),
        "area_kept": round(parts.area_kept, 6),
    }


def _write_arrays(path: Path, explanation: Explanation) -> None:
    axes = explanation.axes
    arrays = {"relevance": explanation.relevance, "features": explanation.features, "starts_s": explanation.starts_s}
    if axes.times_s is not None:
        arrays["times_s"] = axes.times_s
    if axes.frequencies_hz is not None:
        arrays["frequencies_hz"] = axes.frequencies_hz
    with path.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # its stubs take the names for an option


def _write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
