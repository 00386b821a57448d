import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.features.mel import mel_to_hz
from earmark.plots.relevance import Seen, plot_relevance
from earmark.plots.write import write_figure

RNG = np.random.default_rng(0)
VALUES = RNG.random((32, 50), dtype=np.float32)


def seen(scale="mel"):
    frequencies = mel_to_hz(np.linspace(0, 45, 34)[1:-1]) if scale == "mel" else np.linspace(0, 8000, 32)
    return Seen(
        features=VALUES,
        times_s=(0.02 * np.arange(50)).astype(np.float32),
        frequencies_hz=frequencies.astype(np.float32),
        top_hz=8000.0,
        scale=scale,
        name="log-mel",
    )


@pytest.mark.parametrize("scale", ["mel", "linear"])
def test_time_and_frequency_have_axes(scale):
    figure = plot_relevance(seen(scale), VALUES**4, title="bark.wav", remark="by occlusion")
    upper, _, lower, _ = figure.axes

    assert lower.get_xlabel() == "time (s)"
    assert "frequency" in lower.get_ylabel()
    assert upper.get_title(loc="left") == "bark.wav"
    assert upper.get_xlim() == lower.get_xlim()
    assert upper.get_ylim()[1] == pytest.approx(8000, rel=0.05)


def test_the_place_that_matters_is_coloured_and_the_rest_is_not():
    relevance = np.zeros_like(VALUES)
    relevance[10:14, 20:24] = 5.0

    figure = plot_relevance(seen(), relevance)

    shown = figure.axes[2].images[1].get_array()
    assert shown[11:13, 20:24].min() == pytest.approx(1.0, abs=0.05)
    assert shown[20:].max() == 0.0
    assert shown.max() <= 1.0


def test_a_mask_is_outlined_only_where_it_has_an_outline():
    mask = np.zeros_like(VALUES)
    mask[5:20, 10:30] = 1.0

    outlined = plot_relevance(seen(), VALUES, kept=mask).axes[2]
    plain = plot_relevance(seen(), VALUES, kept=np.ones_like(VALUES)).axes[2]

    assert len(outlined.collections) == 1
    assert not plain.collections


def test_features_without_times_or_frequencies_are_drawn_by_number():
    figure = plot_relevance(Seen(features=VALUES), VALUES, dark=True, size=(5, 3))

    assert figure.axes[2].get_xlabel() == "column"
    assert figure.axes[2].get_ylabel() == "bin"


@pytest.mark.slow
def test_it_is_written_to_a_file(tmp_path):
    write_figure(plot_relevance(seen(), VALUES, title="$a_b"), tmp_path / "a.png")

    assert (tmp_path / "a.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("features", "relevance", "message"),
    [
        (VALUES, VALUES[:, 1:], "relevance must be of the shape"),
        (VALUES[:, :1], VALUES[:, :1], "at least 2 columns"),
        (np.where(VALUES > 0.9, np.nan, VALUES), VALUES, "features has values that are not finite"),
    ],
)
def test_what_does_not_fit_is_refused(features, relevance, message):
    with pytest.raises(SettingError, match=message):
        plot_relevance(Seen(features=features), relevance)
