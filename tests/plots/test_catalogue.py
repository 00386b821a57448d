import inspect

import numpy as np
import pytest

from earmark.errors import SettingError
from earmark.plots.catalogue import PLOTS
from earmark.plots.spectrograms import ImageSettings


def test_an_unknown_kind_is_answered_with_the_nearest_name():
    with pytest.raises(SettingError, match="no kind of plot called 'mell': did you mean 'mel'"):
        PLOTS["mell"]


@pytest.mark.parametrize("name", PLOTS)
def test_each_kind_takes_what_it_says(name):
    kind = PLOTS[name]
    parameters = inspect.signature(kind.plot).parameters
    assert ("start_s" in parameters) == kind.has_time
    assert ("full" in parameters) == kind.has_spectrum
    assert kind.summary


@pytest.mark.parametrize("name", [name for name in PLOTS if name != "all"])
def test_a_cell_begins_where_it_is_told_and_is_no_larger_than_it_may_be(name):
    waveform = np.random.default_rng(0).standard_normal(200_000).astype(np.float32)
    drawing = PLOTS[name].cell(waveform, 8000, ImageSettings(start_s=2, n_columns=50, n_rows=40))
    if PLOTS[name].has_time:
        assert drawing.reach.end_s == 27
        assert drawing.start_s == 2
    sizes = [array.shape for array in vars(drawing).values() if isinstance(array, np.ndarray)]
    assert sizes
    assert all(shape[-1] <= 53 for shape in sizes)


def test_only_the_page_of_all_is_no_cell():
    assert [name for name, kind in PLOTS.items() if kind.cell is None] == ["all"]
