import json

import pytest

from earmark.data.genres.make import make_genres


@pytest.mark.slow
def test_it_shows_both_splits_side_by_side_and_where_the_report_is(earmark, tmp_path, monkeypatch):
    def few(folder, **options):
        return make_genres(folder, **(options | {"n_artists": 4, "n_tracks": 1, "duration_s": 6.0}))

    monkeypatch.setattr("earmark.experiment.demonstration.make_genres", few)

    answer = earmark("demo", "-o", tmp_path / "demo")
    again = earmark("demo", "-o", tmp_path / "demo", "--json")

    report = tmp_path / "demo" / "run" / "report.html"
    assert answer.status == 0
    assert "random split of segments" in answer.out
    assert "split by artist (honest)" in answer.out
    assert answer.told[-1] == f"report: {report}"
    assert report.exists()
    scores = json.loads(again.out)
    assert set(scores) == {"random_segments", "by_artist", "difference"}
    assert scores["difference"] == pytest.approx(
        scores["random_segments"]["accuracy"]["value"] - scores["by_artist"]["accuracy"]["value"]
    )
