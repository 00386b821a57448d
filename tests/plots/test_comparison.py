from itertools import combinations

import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.plots.comparison import ComparedScores, plot_comparison


def scores(name, accuracy, folds=(-0.04, 0.0, 0.04), interval=0.05):
    return ComparedScores(
        name=name,
        folds=[accuracy + shift for shift in folds],
        accuracy=accuracy,
        low=None if interval is None else accuracy - interval,
        high=None if interval is None else accuracy + interval,
    )


def points(axes):
    return [collection for collection in axes.collections if len(collection.get_offsets()) > 1]


def strokes(axes):
    return [path.get_segments()[0] for path in axes.collections if hasattr(path, "get_segments")]


def test_each_row_has_its_folds_their_mean_and_the_interval():
    figure = plot_comparison([scores("svm", 0.8), scores("cnn", 0.6, (0.0, 0.1))], title="two")
    axes = figure.axes[0]
    upper, lower = (np.asarray(collection.get_offsets()) for collection in points(axes))
    assert upper[:, 0] == pytest.approx([76, 80, 84])
    assert lower[:, 0] == pytest.approx([60, 70])
    assert upper[:, 1].min() > lower[:, 1].max()
    lines = strokes(axes)
    assert lines[0] == pytest.approx(np.array([[75, 1], [85, 1]]))
    assert lines[3][:, 0] == pytest.approx([65, 65])
    words = [text.get_text() for text in figure.texts]
    assert {"svm", "cnn", "two", "80.0 (75.0 to 85.0)", "60.0 (55.0 to 65.0)"} <= set(words)


def test_without_an_interval_there_is_no_bar():
    figure = plot_comparison([scores("svm", 0.8, interval=None)])
    assert len(strokes(figure.axes[0])) == 1
    assert "80.0" in [text.get_text() for text in figure.texts]


def test_everything_that_is_drawn_lies_on_the_axes_and_nothing_beyond_what_can_be():
    for accuracy in (0.0, 0.03, 0.5, 0.97, 1.0):
        row = ComparedScores(name="a", folds=[accuracy], accuracy=accuracy, low=max(0, accuracy - 0.1), high=accuracy)
        low, high = plot_comparison([row]).axes[0].get_xlim()
        assert -1 <= low < 100 * row.low + 1e-9
        assert 100 * accuracy < high <= 101


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [1, 2, 24])
def test_it_stays_readable(n_rows, drawn_texts):
    rows = [
        scores(f"{number:02} a network with a very long name $x$ 犬", 0.3 + 0.02 * number) for number in range(n_rows)
    ]
    figure = plot_comparison(rows, title="a title " * 40)
    texts = drawn_texts(figure)
    assert all(figure.bbox.padded(1).contains(*corner) for _, box in texts for corner in (box.min, box.max))
    shrunk = [(words, box.padded(-1)) for words, box in texts]
    assert not [(one, other) for (one, a), (other, b) in combinations(shrunk, 2) if a.overlaps(b)]
    assert {row.name[:2] for row in rows} <= {words[:2] for words, _ in texts}


@pytest.mark.parametrize("rows", [[], [scores("a", 0.5, ())]])
def test_nothing_to_compare_is_refused(rows):
    with pytest.raises(SettingError, match="nothing to draw"):
        plot_comparison(rows)


def test_one_fold_is_a_point_on_its_row():
    axes = plot_comparison([scores("a", 0.5, (0.0,))]).axes[0]
    assert [tuple(point) for path in axes.collections for point in path.get_offsets().tolist() if point[0]] == [
        pytest.approx((50.0, 0.0))
    ]
