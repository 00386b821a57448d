from pathlib import Path

import pytest

from earmark.data.clip import Clip
from earmark.data.sources.about import Archive, with_parts


@pytest.mark.parametrize(
    ("address", "name"),
    [("https://a.org/b/c.tar.gz?download=1", "c.tar.gz"), ("http://a.org/archive/v1.0.9.tar.gz", "v1.0.9.tar.gz")],
)
def test_a_file_is_called_what_its_address_ends_with(address, name):
    assert Archive(address=address, n_bytes=None, checksum="md5:00").file_name == name


def test_parts_become_folds_of_which_the_last_is_the_test_part():
    clips = [Clip(name=name, path=Path(name), label="x", group=name, extra={"take": "A"}) for name in "abc"]

    placed = with_parts(clips, {"a": "test", "b": "train", "c": "validation"})

    assert [(clip.fold, clip.extra["part"], clip.extra["take"]) for clip in placed] == [
        (3, "test", "A"),
        (1, "train", "A"),
        (2, "validation", "A"),
    ]


def test_a_part_that_is_none_is_a_fault_of_the_source():
    with pytest.raises(KeyError):
        with_parts([Clip(name="a", path=Path(), label="x", group="a")], {"a": "holdout"})
