import json
from collections import Counter

import pytest

from earmark.errors import StorageError
from earmark.experiment import demonstration as module
from earmark.experiment.demonstration import run_demonstration, score_random_segments
from earmark.experiment.fitting import fit_classifier


@pytest.fixture
def small(monkeypatch, tmp_path_factory, write_tone):
    """Make the genres few and short, and keep features out of the cache of whoever runs the tests."""
    monkeypatch.setenv("EARMARK_CACHE", str(tmp_path_factory.mktemp("cache")))

    def make(folder, *, seed, n_artists, progress=None):
        lines = ["path,label,artist"]
        for label in range(2):
            for number in range(5):
                write_tone(folder / f"{label}-{number}.wav", label=label, number=number, seconds=4.0)
                lines.append(f"{label}-{number}.wav,{'ab'[label]},{label}-{number}")
        (folder / "tracks.csv").write_text("\n".join(lines) + "\n")
        return folder / "tracks.csv"

    monkeypatch.setattr(module, "make_genres", make)


@pytest.fixture
def seen(monkeypatch):
    """Keep what each training was given."""
    given = []

    def spy(config, prepared, **rest):
        given.append(prepared)
        return fit_classifier(config, prepared, **rest)

    monkeypatch.setattr(module, "fit_classifier", spy)
    return given


def sizes(split):
    return [len(split.train), len(split.validation), len(split.test)]


def test_the_random_split_mixes_segments_of_one_clip_and_is_as_large_as_the_honest_one(trained, seen):
    honest = trained.result.prepared

    score_random_segments(trained.config, honest)

    (shuffled,) = seen
    assert sizes(shuffled.split) == [2 * size for size in sizes(honest.split)]
    parts = [getattr(shuffled.split, part) for part in ("train", "validation", "test")]
    assert sorted(sum(parts, ())) == list(range(36))
    clips = [{shuffled.dataset[index].name.split("#")[0] for index in part} for part in parts]
    assert clips[0] & clips[2]
    assert sum(map(len, clips)) > 18


def test_every_segment_keeps_its_label_and_its_features(trained, seen):
    honest = trained.result.prepared

    score_random_segments(trained.config, honest)

    (shuffled,) = seen
    segments = {clip.name: array for clip, array in zip(honest.dataset, honest.features, strict=True)}
    counts = Counter()
    for clip, features in zip(shuffled.dataset, shuffled.features, strict=True):
        name = clip.name.split("#")[0]
        assert clip.label == name.split("/")[0]
        assert (features[0] == segments[name][counts[name]]).all()
        counts[name] += 1
    assert set(counts.values()) == {2}


def test_the_random_split_is_scored_on_segments_that_were_not_trained_on(trained):
    claimed = score_random_segments(trained.config, trained.result.prepared)

    assert claimed.segment.n == claimed.clip.n == 2 * len(trained.result.prepared.split.test)


@pytest.mark.slow
def test_the_random_split_follows_from_the_seed(trained):
    one, other = (score_random_segments(trained.config, trained.result.prepared) for _ in range(2))

    assert one == other


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_the_whole_demonstration_leaves_its_run_and_both_numbers(tmp_path):
    result = run_demonstration(tmp_path / "demo")

    assert result.run.folder.path == tmp_path / "demo" / "run"
    assert result.run.folder.is_finished
    values = json.loads(json.dumps(result.to_json()))
    difference = values["random_segments"]["accuracy"]["value"] - values["by_artist"]["accuracy"]["value"]
    assert values["difference"] == pytest.approx(difference)
    assert "random split of segments" in str(result)
    assert "split by artist (honest)" in str(result)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_second_demonstration_replaces_the_first(tmp_path):
    first = run_demonstration(tmp_path / "demo")
    second = run_demonstration(tmp_path / "demo")

    assert second.run.scorecard == first.run.scorecard
    assert second.claimed == first.claimed


@pytest.mark.usefixtures("small")
def test_a_folder_of_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "demo" / "run").mkdir(parents=True)
    (tmp_path / "demo" / "run" / "love.txt").write_text("dear")

    with pytest.raises(StorageError, match="not a run's"):
        run_demonstration(tmp_path / "demo")

    assert (tmp_path / "demo" / "run" / "love.txt").read_text() == "dear"
