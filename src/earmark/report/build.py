"""The report of a run, a cross-validation or a comparison: one HTML file that opens offline and can be sent by mail."""

from functools import partial
from pathlib import Path

from earmark._util.files import write_text
from earmark.data.dataset import count
from earmark.experiment.folder import RunFolder
from earmark.experiment.scores import members
from earmark.report.card import card_content
from earmark.report.compared import is_comparison, read_compared, render_comparison
from earmark.report.fold_results import read_any_results
from earmark.report.page import Head, Section, make_section, render_page
from earmark.report.results import RunResults
from earmark.report.sections import Parts


def write_report(run: str | Path, *, out: Path | None = None, explain: bool = True) -> Path:
    """Write ``report.html`` into the folder of a finished run, cross-validation or comparison.

    The page holds everything it needs: no address leads out of it. Sounds are looked for where the data set was when
    the run was made; where they are gone or cannot be read, the page says so in their place. A part that cannot be made
    says why, and the others are still there. The same run and sounds give the same bytes, as long as there is time for
    all explanations.

    Args:
        run: The folder.
        out: Where the page is to be; None for ``report.html`` in the folder.
        explain: Whether to show what clips were decided from, which takes up to ten seconds.

    Returns:
        The path of the report.

    Raises:
        StorageError: It is no run folder, the run is not finished, its scores are broken, or the report cannot be
            written.
    """
    folder = Path(run)
    report = RunFolder(folder).report_path if out is None else out
    if is_comparison(folder):
        write_text(report, render_comparison(read_compared(folder)))
    else:
        write_text(report, render_report(read_any_results(folder), explain=explain))
    return report


def write_comparison_reports(folder: str | Path) -> Path:
    """Write the page of a finished comparison, and that of each candidate into its own folder.

    Those of the candidates do not show what clips were decided from: `write_report` does, for the one that is chosen.

    Args:
        folder: That of the comparison.

    Returns:
        The path of the page of the comparison.

    Raises:
        StorageError: The comparison is broken, or a page cannot be written.
    """
    for member in members(folder):
        write_report(member, explain=False)
    return write_report(folder)


def render_report(results: RunResults, *, explain: bool = True) -> str:
    """Return the page that tells of a run or a cross-validation.

    Args:
        results: What its files say.
        explain: Whether to show what clips were decided from.
    """
    parts = Parts(results, explain)
    sections = _sections(parts)
    faults = [(section.title, section.fault) for section in sections if section.fault]
    verdict = make_section("verdict", "", "The verdict", partial(parts.verdict, faults))
    return render_page(_head(results), [verdict, *sections])


def _sections(parts: Parts) -> list[Section]:
    section = partial(make_section, hidden=parts.results.places)
    return [
        section("scores", "Scores", "Scores", parts.summary),
        section("folds", "Folds", "From fold to fold", parts.folds)
        if parts.results.folds
        else section("training", "Training", "Training", parts.training),
        section("confusion", "Confusion", "What is taken for what", parts.confusion),
        section("mistakes", "Mistakes", "The worst mistakes", parts.mistakes),
        section("hits", "Narrow hits", "Right, but only just", parts.hits),
        section("reliability", "Probabilities", "How sure, and how often right", parts.reliability),
        section("classes", "Classes", "Class by class", parts.classes),
        section("groups", "Groups", "Group by group", parts.groups),
        section("measures", "All scores", "Every score", parts.measures),
        section("data", "Data", "The data", parts.data),
        section("making", "How it was made", "How it was made", parts.making),
        section("card", "Model card", "Model card", partial(card_content, parts.results)),
        section("words", "Words", "Words", dict),
    ]


def _head(results: RunResults) -> Head:
    return Head(
        kind="Sound classification report" if not results.folds else "Sound classification, cross-validated",
        title=results.data_name,
        facts=(
            f"{count(len(results.clips), 'clip')} of {len(results.scorecard.labels)} classes",
            f"network {results.network}",
            *([f"front end {results.front_end}"] if results.front_end else []),
            *([count(len(results.folds), "fold")] if results.folds else []),
            f"run {results.name}",
        ),
        version=str(results.environment.get("earmark", "")),
    )
