"""``earmark explain``: why a classifier decides as it does, for one sound or class by class."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli.console import ProgressBar, name_bad_files, show, show_json, talk
from earmark.cli.options import AsJson, Cache, Device, Seed, Strict
from earmark.errors import SettingError

if TYPE_CHECKING:
    from earmark.data.dataset import Dataset
    from earmark.experiment.fold_predictors import FoldPredictors
    from earmark.features.interchange.table import FeatureTable
    from earmark.inference.predictor import Predictor


def explain(
    run: Annotated[Path, typer.Argument(help="A run folder, the bundle in it, or a cross-validation.")],
    target: Annotated[
        Path, typer.Argument(help="A sound file (or picture, if it learnt from such); or a data set: folder, table.")
    ],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for pictures and sounds.", metavar="DIR")],
    method: Annotated[
        str | None,
        typer.Option(
            help="gradcam, integrated-gradients, occlusion, or of a data set permutation (default: what suits).",
            metavar="NAME",
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Explain this class (default: the one decided for).", metavar="NAME")
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(help="Draw the maps of this layer, and let gradcam look at it (default: each).", metavar="NAME"),
    ] = None,
    per_class: Annotated[int, typer.Option(help="Clips of each class of a data set, at most.", metavar="N")] = 10,
    n_orders: Annotated[
        int | None,
        typer.Option(
            "--random-orders",
            help="Random orders to measure an explanation against; 0: not (default: 8 for a file, 0 for data).",
            metavar="N",
        ),
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Draw light on dark.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the explanation that is there.")] = False,
    seed: Seed = None,
    device: Device = None,
    strict: Strict = False,
    cache: Cache = None,
    as_json: AsJson = False,
) -> None:
    """Show and let hear what a decision was made from, and whether that is true."""
    from earmark.data.dataset import Dataset
    from earmark.experiment.explained import check_folder
    from earmark.experiment.explaining import PERMUTATION
    from earmark.experiment.fold_predictors import is_crossval, learnt_notes, load_folds
    from earmark.explain.attribution import METHODS
    from earmark.inference.predictor import Predictor

    if method is not None and method != PERMUTATION:
        METHODS[method]
    check_folder(out, overwrite=overwrite)
    folds = load_folds(run, device=device or "cpu") if is_crossval(run) else None
    predictor = folds.first if folds else Predictor.load(run, device=device or "cpu")
    root = seed or 0
    if not _is_data(target, predictor):
        _explain_one(
            _tester(folds, target) if folds else predictor,
            target,
            _Place(out=out, title=target.name, dark=dark, overwrite=overwrite, as_json=as_json),
            layer=layer,
            method=method,
            label=label,
            n_orders=8 if n_orders is None else n_orders,
            seed=root,
        )
        return
    place = _Place(out=out, title=target.absolute().name, dark=dark, overwrite=overwrite, as_json=as_json)
    if layer is not None:
        raise _belongs_elsewhere("--layer belongs to one sound: of a data set, no maps are drawn")
    data = _open(target)
    if not folds and isinstance(data, Dataset):
        _tell(learnt_notes(run, data))
    if method == PERMUTATION or (method is None and label is None and not predictor.blueprint.kind.learns_in_batches):
        if label is not None:
            raise _belongs_elsewhere("--label belongs to the other methods: permutation asks what all lose together")
        if folds:
            raise _belongs_elsewhere(
                f"permutation asks one classifier: name a fold, such as {run / 'fold-1'}, or give --method occlusion"
            )
        _weigh(predictor, data, place, cache=cache, seed=root, strict=strict)
    else:
        asked = {"method": method, "label": label, "per_class": per_class, "n_orders": n_orders or 0, "seed": root}
        _explain_data(folds or predictor, data, place, strict=strict, **asked)


def _tester(folds: "FoldPredictors", sound: Path) -> "Predictor":
    """Return the classifier of the fold that tests a sound, and say which that is."""
    number, predictor = folds.for_file(sound)
    _tell((f"explained by fold {number}, which tests it",))
    return predictor


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        talk(f"note: {note}")


@dataclass(frozen=True, kw_only=True)
class _Place:
    out: Path
    title: str
    dark: bool
    overwrite: bool
    as_json: bool

    @property
    def style(self) -> dict[str, bool]:
        return {"dark": self.dark, "overwrite": self.overwrite}


def _belongs_elsewhere(message: str) -> SettingError:
    return SettingError(message)


def _is_data(target: Path, predictor: "Predictor") -> bool:
    """Return whether a target is meant as a data set; what is not there is what its name says."""
    from earmark.audio.read import AUDIO_SUFFIXES
    from earmark.data.sources.catalogue import SOURCES
    from earmark.features.interchange.catalogue import holds_features

    if target.is_file():
        return any(source.recognises(target) for source in SOURCES.values()) or holds_features(target)
    one = {".png"} if predictor.takes == "picture" else AUDIO_SUFFIXES
    return target.is_dir() or target.suffix.lower() not in one


def _open(target: Path) -> "Dataset | FeatureTable":
    from earmark.data.open import open_dataset
    from earmark.features.interchange.catalogue import open_features

    return open_features(target) or open_dataset(target)


def _explain_one(predictor: "Predictor", sound: Path, place: _Place, *, layer: str | None, **asked: Any) -> None:  # noqa: ANN401 - of several types
    from earmark.experiment.explained import write_explanation
    from earmark.experiment.explaining import explain_sound

    looked_at = layer if asked["method"] == "gradcam" else None
    found = explain_sound(predictor, sound, layer=looked_at, **asked)
    written = write_explanation(found, place.out, predictor, sound, layer=layer, **place.style)
    _tell((*found.notes, *written.notes))
    if place.as_json:
        heard = written.heard
        parts = None if heard is None else {"energy_kept": heard.energy_kept, "area_kept": heard.area_kept}
        files = [str(path) for path in written.paths]
        show_json({"path": str(sound), **found.to_json(), "heard": parts, "files": files})
        return
    decided = "" if found.label == found.decided else f" (decided for {found.decided})"
    show(f"{found.label} {found.probability:.1%}{decided}, explained by {found.method}")
    spread_hz, spread_s = found.spread_hz(), found.spread_s()
    if spread_hz:
        show(f"frequencies: four fifths of what speaks for it from {spread_hz[0]:,.0f} to {spread_hz[2]:,.0f} Hz")
    if spread_s:
        show(f"times: four fifths of it from {spread_s[0]:.2f} to {spread_s[2]:.2f} s")
    if not spread_hz and not found.is_empty:
        show("most relevant: " + ", ".join(f"{name} {part:.0%}" for name, part in list(found.by_group().items())[:5]))
    if found.faithfulness:
        show(f"faithful: {found.faithfulness.sentence()}")
    if written.heard:
        heard = written.heard
        show(f"kept.wav: {heard.energy_kept:.0%} of the energy in {heard.area_kept:.0%} of times and frequencies")
    show(f"{place.out}: {', '.join(str(path.relative_to(place.out)) for path in written.paths)}")


def _explain_data(
    predictor: "Predictor | FoldPredictors",
    data: "Dataset | FeatureTable",
    place: _Place,
    *,
    strict: bool,
    **asked: Any,  # noqa: ANN401 - of several types
) -> None:
    from earmark.experiment.explained import write_profiles
    from earmark.experiment.explaining import explain_dataset

    with ProgressBar() as progress:
        profiles = explain_dataset(predictor, data, strict=strict, progress=progress, **asked)
    write_profiles(profiles, place.out, title=place.title, **place.style)
    _tell(profiles.notes)
    name_bad_files(profiles.left_out, len(profiles.explained) + len(profiles.left_out))
    if place.as_json:
        show_json(profiles.to_json())
        return
    width = max((len(profile.label) for profile in profiles.profiles), default=5)
    for profile in profiles.profiles:
        names = [profiles.axes.bin_names[place] for place in profile.over_frequency.argsort()[::-1][:3]]
        show(f"{profile.label:<{width}}  {profile.kind:<5}  {profile.n_clips:>4} clips  most at {', '.join(names)}")
    n_faithful, n_measured = profiles.n_faithful
    if n_measured:
        show(f"deletion beats random in {n_faithful} of {n_measured} clips")
    show(str(place.out))


def _weigh(
    predictor: "Predictor",
    data: "Dataset | FeatureTable",
    place: _Place,
    *,
    cache: Path | None,
    seed: int,
    strict: bool,
) -> None:
    from earmark.experiment.explained import write_importances
    from earmark.experiment.explaining import importance_of
    from earmark.features.store import FeatureStore, default_store_folder

    store = FeatureStore(cache or default_store_folder())
    with ProgressBar() as progress:
        found = importance_of(predictor, data, store=store, seed=seed, strict=strict, progress=progress)
    write_importances(found, place.out, title=place.title, **place.style)
    if place.as_json:
        show_json(found.to_json())
        return
    show(f"accuracy {found.accuracy:.1%} of {found.n_clips} clips; points lost when shuffled:")
    for group in found.groups[:10]:
        show(f"{group.name:<24}  {100 * group.accuracy_lost:6.1f} +- {100 * group.deviation:.1f}")
    show(str(place.out))
