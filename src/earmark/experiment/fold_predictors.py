"""The classifiers of a cross-validation, and which of them has not learnt from a clip: that of the fold it is in."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from earmark._util.files import content_key
from earmark.data.clip import Clip
from earmark.data.dataset import listed
from earmark.data.split_file import stretch_of
from earmark.errors import DataError, StorageError
from earmark.experiment.evaluation import learnt_in, run_of
from earmark.experiment.folder import RunFolder
from earmark.inference.predictor import Predictor

Stretch = tuple[str, str, str]  # a name, and where it begins and ends

_FOLD = re.compile(r"fold-(\d+)")


@dataclass(frozen=True, kw_only=True)
class FoldPredictors:
    """The classifiers of a cross-validation.

    Attributes:
        folder: Its folder.
        predictors: The classifier of each fold, by its number.
        by_content: The folds that test a file, by what names its content.
        by_stretch: The fold that tests a clip, by its name and where it begins and ends.
    """

    folder: Path
    predictors: Mapping[int, Predictor]
    by_content: Mapping[str, frozenset[int]] = field(default_factory=dict)
    by_stretch: Mapping[Stretch, int] = field(default_factory=dict)

    @property
    def first(self) -> Predictor:
        """One of them: all have the same front end and network."""
        return next(iter(self.predictors.values()))

    @property
    def labels(self) -> tuple[str, ...]:
        """Every class that one of them knows, sorted."""
        return tuple(sorted({label for one in self.predictors.values() for label in one.labels}))

    def fold_of(self, clip: Clip, *, by_name: bool = False) -> int | None:
        """Return the fold that tests a clip, known by the content of its file; None where none does, or two.

        Args:
            clip: The clip.
            by_name: Whether its name is all that is known, as of features.
        """
        named = self.by_stretch.get(stretch_of(clip))
        if by_name:
            return named
        folds = self.by_content.get(_content(clip), frozenset())
        if len(folds) == 1:
            return next(iter(folds))
        return named if named in folds else None

    def for_file(self, path: Path) -> tuple[int, Predictor]:
        """Return the fold that tests a sound, and its classifier.

        Args:
            path: The file.

        Raises:
            DataError: No fold tests it, or several do.
        """
        fold = self.fold_of(Clip(name=str(path), path=path, label="", group=""))
        if fold is None:
            raise DataError(
                f"no fold of {self.folder} tests {path}, or several do: name one to explain it by, such as "
                f"{self.folder / f'fold-{min(self.predictors)}'}"
            )
        return fold, self.predictors[fold]


def is_crossval(folder: Path) -> bool:
    """Return whether a folder is that of a cross-validation."""
    return RunFolder(folder).is_run and not (folder / "bundle").is_dir() and bool(_folds(folder))


def load_folds(folder: Path, *, device: str = "cpu") -> FoldPredictors:
    """Read the classifiers of a cross-validation.

    Args:
        folder: Its folder.
        device: Where to compute.

    Raises:
        StorageError: It is none, or a fold is not finished or damaged.
    """
    if not is_crossval(folder):
        raise StorageError(f"{folder} is no cross-validation: it holds no folds")
    by_content: dict[str, set[int]] = {}
    by_stretch: dict[Stretch, int] = {}
    predictors = {}
    for number, run in _folds(folder).items():
        predictors[number] = Predictor.load(run.path, device=device)
        contents = {row["path"]: row["content"] for row in run.read_table("sounds.csv")}
        for row in run.read_table("split.csv"):
            if row["part"] != "test":
                continue
            by_stretch[_stretch(row)] = number
            if contents.get(row["path"]):
                by_content.setdefault(contents[row["path"]], set()).add(number)
    return FoldPredictors(
        folder=folder,
        predictors=predictors,
        by_content={content: frozenset(folds) for content, folds in by_content.items()},
        by_stretch=by_stretch,
    )


def learnt_notes(folder: Path, clips: Iterable[Clip]) -> tuple[str, ...]:
    """Return a sentence if a run learnt from some clips; nothing where that is not known, as of a bundle alone.

    Args:
        folder: A run folder or a bundle.
        clips: Sounds, known by the content of their files.
    """
    run = run_of(folder)
    if run is None or not run.is_finished:
        return ()
    contents = [(clip.name, _content(clip)) for clip in clips]
    return learnt_in(run, contents, so="what it makes of others may have other reasons")


def untested_note(names: Iterable[str]) -> tuple[str, ...]:
    """Return a sentence on clips that no fold tests; nothing where there are none."""
    found = list(names)
    return (f"{len(found)} clips are left out, since no fold tests them: {listed(found)}",) if found else ()


def _folds(folder: Path) -> dict[int, RunFolder]:
    matches = ((_FOLD.fullmatch(path.name), path) for path in folder.glob("fold-*") if path.is_dir())
    found = {int(match[1]): RunFolder(path) for match, path in matches if match}
    return dict(sorted(found.items()))


def _stretch(row: Mapping[str, str]) -> Stretch:
    start, end = row.get("start_s") or "", row.get("end_s") or ""
    clip = Clip(
        name=row["path"],
        path=Path(row["path"]),
        label="",
        group="",
        start_s=float(start or 0),
        end_s=float(end) if end else None,
    )
    return stretch_of(clip)


def _content(clip: Clip) -> str:
    """Return what names the content of a clip's file; nothing where it cannot be read, which is told elsewhere."""
    try:
        return content_key(clip.path)
    except OSError:
        return ""
