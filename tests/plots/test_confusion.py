from itertools import combinations

import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.plots.confusion import plot_confusion


def cells(figure):
    """Return the words in the cells, by row and column."""
    return {(round(text.get_position()[1]), round(text.get_position()[0])): text for text in figure.axes[0].texts}


def random_counts(n_classes, n_clips=40):
    rng = np.random.default_rng(0)
    right = rng.integers(0, n_classes, (n_classes, n_clips))
    right[:, : n_clips // 2] = np.arange(n_classes)[:, None]
    return np.stack([np.bincount(row, minlength=n_classes) for row in right])


def test_each_count_stands_in_its_cell_rows_are_true_classes():
    figure = plot_confusion([[3, 1, 0], [0, 4, 0], [2, 0, 12]], ["dog", "rain", "sea"], title="cnn")
    told = {place: text.get_text() for place, text in cells(figure).items()}
    assert told == {(0, 0): "3", (0, 1): "1", (1, 1): "4", (2, 0): "2", (2, 2): "12"}
    words = [text.get_text() for text in figure.texts]
    assert words.count("dog") == words.count("rain") == words.count("sea") == 2
    assert {"cnn", "true class", "taken for", "19 of 22 right, 86.4 %"} <= set(words)
    heights = [text.get_position()[1] for text in figure.texts if text.get_ha() == "right"]
    assert heights == sorted(heights, reverse=True)


def test_colour_says_right_or_wrong_and_how_often():
    colours = plot_confusion([[8, 2, 0], [5, 5, 0], [0, 1, 9]], ["a", "b", "c"]).axes[0].images[0].get_array()
    colours = np.asarray(colours)
    assert colours[0, 2] == pytest.approx([1, 1, 1])  # nothing: paper
    right, wrong = colours[0, 0], colours[1, 0]
    assert right[0] < right[2]  # teal
    assert wrong[0] > wrong[2]  # red
    assert colours[0, 0].sum() < colours[1, 1].sum()
    assert colours[1, 0].sum() < colours[0, 1].sum() < colours[2, 1].sum() < 2.9


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_every_count_can_be_read_on_its_colour(dark):
    n_clips = 30
    counts = np.array([[n_clips - n, n] for n in range(0, n_clips, 3)])
    for pair in counts:
        figure = plot_confusion([pair.tolist(), pair[::-1].tolist()], ["a", "b"], dark=dark)
        colours = figure.axes[0].images[0].get_array()
        for (row, column), text in cells(figure).items():
            ink = np.array([int(text.get_color()[at : at + 2], 16) / 255 for at in (1, 3, 5)])
            assert abs((ink - colours[row, column]) @ (0.299, 0.587, 0.114)) > 0.3


@pytest.mark.slow
@pytest.mark.parametrize(("n_classes", "smallest"), [(2, 7), (10, 7), (50, 5)])
def test_it_stays_readable(n_classes, smallest, drawn_texts):
    labels = [f"{number:02} a class with a very long name $x$ 犬" for number in range(n_classes)]
    figure = plot_confusion(random_counts(n_classes, 10), labels, title="a title " * 50)
    texts = drawn_texts(figure)
    assert all(figure.bbox.padded(1).contains(*corner) for _, box in texts for corner in (box.min, box.max))
    shrunk = [(words, box.padded(-1)) for words, box in texts if not words.isdecimal()]
    cell = figure.axes[0].get_window_extent().width / n_classes
    assert max(max(box.width, box.height) for words, box in texts if words.isdecimal()) < cell
    assert not [(one, other) for (one, a), (other, b) in combinations(shrunk, 2) if a.overlaps(b)]
    assert {label[:2] for label in labels} <= {words[:2] for words, _ in texts}
    assert min(text.get_fontsize() for text in (*figure.texts, *figure.axes[0].texts)) >= smallest


@pytest.mark.slow
def test_large_counts_fit_into_small_cells(drawn_texts):
    counts = np.diag(np.full(30, 123456))
    figure = plot_confusion(counts, [str(number) for number in range(30)])
    boxes = [box for words, box in drawn_texts(figure) if words == "123456"]
    assert len(boxes) == 30
    assert max(box.width for box in boxes) <= figure.axes[0].get_window_extent().width / 30


@pytest.mark.parametrize(
    ("counts", "labels", "message"),
    [
        ([[1, 0], [0, 1]], ["a"], "1 labels do not fit a confusion matrix of the shape"),
        ([[1, 0]], ["a", "b"], "2 labels"),
        ([], [], "0 labels"),
        ([[1.5, 0], [0, 1]], ["a", "b"], "counts: whole numbers"),
        ([[1, -1], [0, 1]], ["a", "b"], "counts: whole numbers"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(counts, labels, message):
    with pytest.raises(SettingError, match=message):
        plot_confusion(counts, labels)


def test_a_class_that_never_occurs_has_an_empty_row():
    figure = plot_confusion([[0, 0], [0, 0]], ["a", "b"])
    assert not cells(figure)
    assert "0 of 0 right" in [text.get_text() for text in figure.texts]
