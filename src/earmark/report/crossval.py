"""The pictures of a cross-validation and of a comparison, drawn from what their folders hold."""

from pathlib import Path
from typing import TYPE_CHECKING

from earmark.experiment.comparison import Comparison
from earmark.experiment.folder import RunFolder
from earmark.models.own import network_title

if TYPE_CHECKING:  # matplotlib takes half a second to import
    from earmark.plots.epochs import FoldCurves

EPOCHS, CONFUSION, COMPARISON = "epochs.png", "confusion.png", "comparison.png"


def write_crossval_pictures(folder: str | Path) -> tuple[Path, ...]:
    """Write ``epochs.png`` and ``confusion.png`` into the folder of a finished cross-validation.

    The first shows loss and accuracy over the epochs as boxes over the folds; of what is not trained in epochs there is
    none. The second shows which class was taken for which, all folds together. Pictures that are there are replaced.

    Args:
        folder: That of the cross-validation, with a folder a fold inside.

    Returns:
        The pictures that were written.

    Raises:
        StorageError: The cross-validation is not finished, a file of it is broken, or a picture cannot be written.
    """
    from earmark.plots.confusion import plot_confusion  # noqa: PLC0415 - matplotlib takes half a second to import
    from earmark.plots.epochs import plot_epochs  # noqa: PLC0415 - as above
    from earmark.plots.write import write_figure  # noqa: PLC0415 - as above

    run = RunFolder(Path(folder))
    card = run.read_scorecard()
    written = [run.path / CONFUSION]
    figure = plot_confusion(card.clip.confusion, card.labels, title=f"{_name(run)}: clips of all folds")
    write_figure(figure, written[0], overwrite=True)
    folds = [RunFolder(path) for path in sorted(run.path.glob("fold-*"), key=_number)]
    trained = [fold for fold in folds if fold.read_history()]
    (run.path / EPOCHS).unlink(missing_ok=True)  # of another network, which this one has replaced
    if trained:
        written.insert(0, run.path / EPOCHS)
        figure = plot_epochs([_curves(fold) for fold in trained], title=_name(run))
        write_figure(figure, written[0], overwrite=True)
    return tuple(written)


def write_comparison_pictures(comparison: Comparison) -> tuple[Path, ...]:
    """Write ``comparison.png`` into the folder of a comparison, and the pictures of each cross-validation into its own.

    Args:
        comparison: What came out.

    Returns:
        The pictures that were written.

    Raises:
        StorageError: A file of a cross-validation is broken, or a picture cannot be written.
    """
    from earmark.plots.comparison import ComparedScores, plot_comparison  # noqa: PLC0415 - as above
    from earmark.plots.write import write_figure  # noqa: PLC0415 - as above

    written = [
        picture
        for candidate in comparison.candidates
        for picture in write_crossval_pictures(comparison.folder / candidate.name)
    ]
    rows = [
        ComparedScores(
            name=candidate.name,
            folds=candidate.folds,
            accuracy=candidate.accuracy.value,
            low=candidate.accuracy.low,
            high=candidate.accuracy.high,
        )
        for candidate in comparison.candidates
    ]
    path = comparison.folder / COMPARISON
    title = f"{len(rows)} classifiers on the same {comparison.n_clips} clips"
    write_figure(plot_comparison(rows, title=title), path, overwrite=True)
    return (*written, path)


def _curves(fold: RunFolder) -> "FoldCurves":
    from earmark.plots.epochs import FoldCurves  # noqa: PLC0415 - as above

    history = fold.read_history()
    return FoldCurves(
        train_loss=[epoch.train_loss for epoch in history],
        validation_loss=[epoch.validation_loss for epoch in history],
        train_accuracy=[epoch.train_accuracy for epoch in history],
        validation_accuracy=[epoch.validation_accuracy for epoch in history],
    )


def _name(run: RunFolder) -> str:
    config = run.read_config()
    return f"{network_title(config.network.name, config.network.settings)} on {config.front_end.name}"


def _number(path: Path) -> int:
    number = path.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1
