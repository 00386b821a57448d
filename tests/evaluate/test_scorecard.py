import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from earmark.errors import SettingError, StorageError
from earmark.evaluate.scorecard import Scorecard, score_predictions

LABELS = ("dog", "rain", "sea waves")
N_CLIPS, N_SEGMENTS_EACH = 40, 5


def predictions(*, n_clips=N_CLIPS, n_groups=13, seed=0, skill=0.25, labels=LABELS):
    """Make up predictions that are mostly right; segments in the order of their clips."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_clips) % len(labels)
    clip_index = np.repeat(np.arange(n_clips), N_SEGMENTS_EACH)
    weights = rng.random((len(clip_index), len(labels))) + skill * np.eye(len(labels))[y[clip_index]]
    return {
        "segment_probabilities": weights / weights.sum(axis=1, keepdims=True),
        "clip_index": clip_index,
        "y": y,
        "groups": [f"source {clip % n_groups:02d}" for clip in range(n_clips)],
        "labels": labels,
        "seed": 3,
    }


def one_hot(answers, n_classes=3):
    return np.eye(n_classes)[np.asarray(answers)]


@pytest.fixture
def card():
    return score_predictions(**predictions())


def test_scores_computed_by_hand():
    # Clip 0 (class 0): segments say 0, 0, 1, so it is right. Clip 1 (class 1): segments say 2, 2, so it is wrong.
    found = score_predictions(
        segment_probabilities=one_hot([0, 0, 1, 2, 2]),
        clip_index=np.array([0, 0, 0, 1, 1]),
        y=np.array([0, 1]),
        groups=["a", "b"],
        labels=LABELS,
        seed=0,
    )
    assert (found.segment.n, found.segment.accuracy.value) == (5, 2 / 5)
    assert found.segment.confusion == ((2, 1, 0), (0, 0, 2), (0, 0, 0))
    assert (found.clip.n, found.clip.accuracy.value) == (2, 1 / 2)
    assert found.clip.confusion == ((1, 0, 0), (0, 0, 1), (0, 0, 0))
    assert found.clip.macro_f1.value == pytest.approx(1 / 3)
    assert (found.n_clips, found.n_groups, found.baseline) == (2, 2, None)


def test_scores_are_those_of_scikit_learn(card):
    made = predictions()
    said = made["segment_probabilities"].argmax(axis=1)
    true = made["y"][made["clip_index"]]
    means = made["segment_probabilities"].reshape(N_CLIPS, N_SEGMENTS_EACH, 3).mean(axis=1).argmax(axis=1)
    assert 0.5 < card.segment.accuracy.value < card.clip.accuracy.value < 1
    assert card.segment.accuracy.value == pytest.approx(accuracy_score(true, said))
    assert card.segment.macro_f1.value == pytest.approx(f1_score(true, said, average="macro"))
    assert card.clip.accuracy.value == pytest.approx(accuracy_score(made["y"], means))
    assert card.clip.macro_f1.value == pytest.approx(f1_score(made["y"], means, average="macro"))
    assert sum(row.n for row in card.clip.classes) == N_CLIPS


def test_the_vote_is_scored_beside_the_mean():
    found = score_predictions(
        segment_probabilities=np.array([[0.6, 0.4], [0.6, 0.4], [0.0, 1.0]] * 2),
        clip_index=np.array([0, 0, 0, 1, 1, 1]),
        y=np.array([0, 0]),
        groups=["a", "b"],
        labels=["dog", "rain"],
        seed=0,
    )
    assert (found.clip.accuracy.value, found.clip.vote_accuracy.value) == (0, 1)
    assert (found.clip.macro_f1.value, found.clip.vote_macro_f1.value) == (0, 1)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.permutations(range(N_CLIPS)), st.randoms(use_true_random=False))
def test_the_order_of_clips_and_segments_changes_nothing(order, random):
    made = predictions()
    place = np.argsort(order)  # where each clip goes
    segments = random.sample(range(len(made["clip_index"])), len(made["clip_index"]))
    shuffled = made | {
        "segment_probabilities": made["segment_probabilities"][segments],
        "clip_index": place[made["clip_index"]][segments],
        "y": made["y"][list(order)],
        "groups": [made["groups"][clip] for clip in order],
    }
    assert score_predictions(**shuffled) == score_predictions(**made)


def test_segments_booked_to_the_wrong_clips_are_not_rescued_by_their_order(card):
    made = predictions()
    mixed_up = made | {"clip_index": (made["clip_index"] + 1) % N_CLIPS}  # each clip gets its neighbour's segments
    assert card.clip.accuracy.value > 0.8
    assert score_predictions(**mixed_up).clip.accuracy.value < 0.3


def test_segments_of_one_group_move_together():
    # Ten groups, half of them entirely right: a thousand segments say no more than ten groups do.
    made = predictions(n_clips=200, n_groups=10)
    right = (np.arange(200) % 10 < 5)[made["clip_index"]]
    true = made["y"][made["clip_index"]]
    by_group = score_predictions(**made | {"segment_probabilities": one_hot(np.where(right, true, (true + 1) % 3))})
    assert by_group.segment.accuracy.value == 0.5
    assert by_group.segment.accuracy.high - by_group.segment.accuracy.low > 0.5
    assert by_group.segment.accuracy == by_group.clip.accuracy


def test_the_same_seed_gives_the_same_card_and_another_seed_other_intervals(card):
    other = score_predictions(**predictions() | {"seed": 4})
    assert score_predictions(**predictions()) == card
    assert other.clip.accuracy.value == card.clip.accuracy.value
    assert other.segment.macro_f1 != card.segment.macro_f1


def test_one_group_has_no_interval():
    found = score_predictions(**predictions(n_groups=1))
    assert found.clip.accuracy.low is found.segment.macro_f1.high is None
    assert "no interval: all of one group" in found.sentence()
    assert found.to_json()["clip"]["accuracy"]["low"] is None
    assert Scorecard.from_json(found.to_json()) == found


def test_a_perfect_score_is_no_certainty():
    made = predictions()
    found = score_predictions(**made | {"segment_probabilities": one_hot(made["y"][made["clip_index"]])})
    assert found.clip.accuracy.value == found.clip.accuracy.high == found.clip.macro_f1.value == 1
    n_groups = 40**2 / (12 * 3**2 + 4**2)  # 12 groups of three and one of four, as many say as 12.9 of equal size
    assert found.clip.accuracy.low == pytest.approx(0.025 ** (1 / n_groups))


def test_one_class_in_the_test_part_is_scored():
    made = predictions()
    found = score_predictions(**made | {"y": np.zeros(N_CLIPS, dtype=int)})
    assert [row.n for row in found.clip.classes] == [N_CLIPS, 0, 0]
    assert 0 < found.clip.accuracy.value < 1


def test_labels_absent_from_the_test_part_stay_in_the_tables_and_do_not_lower_the_mean(card):
    made = predictions()
    padded = np.pad(made["segment_probabilities"], ((0, 0), (0, 1)))
    found = score_predictions(**made | {"segment_probabilities": padded, "labels": (*LABELS, "wind")})
    assert found.clip.classes[3].n == 0
    assert [row[3] for row in found.clip.confusion] == [0, 0, 0, 0]
    assert found.clip.macro_f1 == card.clip.macro_f1


def replaced(array, where, value):
    copy = np.array(array, dtype=type(value))
    copy[where] = value
    return copy


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda m: {"segment_probabilities": replaced(m["segment_probabilities"], (7, 1), np.nan)}, "1 of 200 rows"),
        (lambda m: {"segment_probabilities": m["segment_probabilities"] * 9 - 4}, "softmax"),
        (lambda m: {"segment_probabilities": m["segment_probabilities"][:, :2]}, r"shape \(n, 3\)"),
        (lambda m: {"segment_probabilities": m["segment_probabilities"][1:]}, "200 numbers where 199"),
        (lambda m: {"clip_index": replaced(m["clip_index"], 0, N_CLIPS)}, "clip_index are out of range"),
        (lambda m: {"clip_index": replaced(m["clip_index"], slice(0, 5), 1)}, "1 of 40 clips have no segment"),
        (lambda m: {"y": [*m["y"], 0], "groups": [*m["groups"], "new"]}, "1 of 41 clips have no segment"),
        (lambda m: {"y": replaced(m["y"], 0, 3)}, "numbers of y are out of range"),
        (lambda m: {"y": m["y"][:-1], "groups": m["groups"][:-1]}, "clip_index are out of range"),
        (lambda m: {"y": m["y"].astype(float)}, "float64"),
        (lambda m: {"groups": m["groups"][:-1]}, "39 groups for 40 clips"),
        (lambda m: {"labels": ("dog", "rain", "dog")}, "twice: dog"),
        (lambda m: {"labels": ()}, "none given"),
        (lambda m: {"seed": -1}, "seed -1 is negative"),
        (lambda m: {"y": np.array([]), "groups": [], "clip_index": np.array([])}, "no clips to score"),
    ],
)
def test_input_that_cannot_be_scored_is_refused(fault, message):
    made = predictions()
    with pytest.raises(SettingError, match=message):
        score_predictions(**made | fault(made))


def test_the_json_has_the_shape_that_others_read(card):
    content = card.with_baseline("svm", card).to_json()
    assert set(content) == {"schema", "labels", "n_groups", "segment", "clip", "baseline"}
    assert content["schema"] == 1
    assert content["labels"] == list(LABELS)
    assert set(content["segment"]) == {"n", "accuracy", "macro_f1", "confusion", "classes"}
    assert set(content["clip"]) == {*content["segment"], "vote_accuracy", "vote_macro_f1"}
    assert set(content["baseline"]) == {"name", "segment", "clip"}
    assert set(content["clip"]["accuracy"]) == {"value", "low", "high"}
    assert set(content["clip"]["classes"][0]) == {"label", "n", "precision", "recall", "f1"}
    assert content["baseline"]["clip"] == content["clip"]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12), st.booleans())
def test_json_gives_back_exactly_what_was_written(seed, n_groups, with_baseline):
    card = score_predictions(**predictions(n_clips=12, n_groups=n_groups, seed=seed, labels=("Бас", "sea waves")))
    card = card.with_baseline("svm", card) if with_baseline else card
    assert Scorecard.from_json(json.loads(json.dumps(card.to_json()))) == card


def test_a_saved_card_is_loaded_as_it_was(card, tmp_path):
    path = tmp_path / "run" / "scorecard.json"
    card.with_baseline("svm", card).save(path)
    assert Scorecard.load(path) == card.with_baseline("svm", card)
    assert [file.name for file in path.parent.iterdir()] == ["scorecard.json"]


def test_a_card_of_another_schema_is_refused_with_its_number(card, tmp_path):
    path = tmp_path / "scorecard.json"
    path.write_text(json.dumps(card.to_json() | {"schema": 7}))
    with pytest.raises(StorageError, match=r"scorecard.json: .*schema 7.*reads schema 1: another version of earmark"):
        Scorecard.load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read .*no such file"),
        (b'{"schema": 1, "labels": ["dog"', "no JSON"),
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no scorecard"),
        (b"{}", "no scorecard"),
        (b'{"schema": 1}', "broken .*labels"),
        (b'{"schema": 1, "labels": 3}', "broken"),
        (b'{"schema": 1, "labels": [], "n_groups": Infinity}', "broken"),
        (b'{"schema": 1, "labels": [], "n_groups": 1, "segment": []}', "broken"),
    ],
)
def test_a_missing_or_broken_file_is_refused(tmp_path, content, message):
    path = tmp_path / "scorecard.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StorageError, match=message):
        Scorecard.load(path)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(StorageError, match="cannot read"):
        Scorecard.load(tmp_path)


def test_a_place_that_cannot_be_written_to_is_refused(card, tmp_path):
    (tmp_path / "run").write_text("a file where the folder would be")
    with pytest.raises(StorageError, match="cannot write"):
        card.save(tmp_path / "run" / "scorecard.json")


def test_a_baseline_may_be_cut_otherwise(card):
    made = predictions()
    whole = made | {"clip_index": np.arange(N_CLIPS), "segment_probabilities": made["segment_probabilities"][::5]}
    with_baseline = card.with_baseline("svm", score_predictions(**whole))
    assert (with_baseline.baseline.segment.n, with_baseline.segment.n) == (40, 200)
    assert with_baseline.clip == card.clip


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"labels": ("dog", "rain", "wind")}, "its labels"),
        ({"y": np.zeros(N_CLIPS, dtype=int)}, "clips of each class"),
        ({"groups": ["one"] * N_CLIPS}, "number of groups: 1, here: 13"),
    ],
)
def test_a_baseline_of_other_data_is_refused(card, other, message):
    with pytest.raises(SettingError, match=message):
        card.with_baseline("svm", score_predictions(**predictions() | other))


def exact_card(n_right, n_clips, n_groups):
    y = np.arange(n_clips) % 2
    answers = np.where(np.arange(n_clips) < n_right, y, 1 - y)
    return score_predictions(
        segment_probabilities=one_hot(answers, 2),
        clip_index=np.arange(n_clips),
        y=y,
        groups=[str(clip % n_groups) for clip in range(n_clips)],
        labels=["dog", "rain"],
        seed=0,
    )


def test_the_sentence_is_plain():
    found = exact_card(68, 80, 63)
    accuracy = found.clip.accuracy
    interval = f"95 % interval {100 * accuracy.low:.1f} to {100 * accuracy.high:.1f}, over 63 groups"
    assert found.sentence() == f"85.0 % of 80 clips are right ({interval})."
    beside = found.with_baseline("svm", exact_card(67, 80, 63)).sentence()
    assert beside == f"85.0 % of 80 clips are right ({interval}); the SVM baseline gets 83.8 %."
    assert 0.7 < accuracy.low < 0.8
    assert 0.9 < accuracy.high < 0.96


def test_the_sentence_of_one_clip_is_grammatical():
    assert exact_card(1, 1, 1).sentence() == "100.0 % of 1 clip is right (no interval: all of one group)."


def test_the_table_fits_a_terminal_and_names_every_row():
    found = exact_card(68, 80, 63)
    lines = str(found.with_baseline("svm", found)).splitlines()
    assert [line.split("  ")[0] for line in lines[:4]] == ["clip", "clip, by vote", "segment", "svm (baseline)"]
    assert lines[0].split("  ")[-1] == "80 clips"
    assert f"accuracy {found.clip.accuracy}" in lines[0]
    assert len({line.index("macro F1") for line in lines[:4]}) == 1
    assert max(map(len, lines)) <= 90
    assert lines[-1] == "95 % intervals over 63 groups"
