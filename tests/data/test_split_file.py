from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.data.clip import Clip
from earmark.data.dataset import Dataset
from earmark.data.parts import leave_one_group_out
from earmark.data.split_file import load_split, read_split, save_split
from earmark.data.splits import Split, split_dataset
from earmark.errors import DataError, SettingError, SplitError


@pytest.fixture
def data(tmp_path):
    """Twelve files of two labels, two a group, each with content of its own."""
    clips = []
    for n in range(12):
        name = f"{'ab'[n % 2]}/{n:02d}.wav"
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(f"sound {n}".encode())
        clips.append(Clip(name=name, path=tmp_path / name, label="ab"[n % 2], group=f"g{n % 6}"))
    return Dataset(clips, root=tmp_path)


@pytest.fixture
def saved(data, tmp_path):
    split = split_dataset(data, seed=1)
    save_split(tmp_path / "split.csv", data, split)
    return tmp_path / "split.csv", split


def names(data, indices):
    return {data[index].name for index in indices}


def test_a_name_with_a_carriage_return_comes_back_and_lines_end_as_on_unix(data, tmp_path):
    odd = "a/\r00.wav"
    data[0].path.rename(tmp_path / odd)
    data = replace(data, clips=[replace(data[0], name=odd, path=tmp_path / odd, group="g\r0"), *data.clips[1:]])
    split = split_dataset(data, seed=1)
    save_split(tmp_path / "split.csv", data, split)

    assert "\r\n" not in (tmp_path / "split.csv").read_bytes().decode()
    assert names(load_split(tmp_path / "split.csv", data)[0], split.test) == names(data, split.test)
    assert load_split(tmp_path / "split.csv", data)[1].test == split.test


def test_a_saved_split_comes_back(data, saved):
    path, split = saved
    same, again = load_split(path, data)

    assert [clip.name for clip in same] == [clip.name for clip in data]
    assert (again.train, again.validation, again.test) == (split.train, split.validation, split.test)
    assert same.notes == ()


def test_it_is_a_table_that_a_person_can_read(saved, data):
    lines = saved[0].read_text().splitlines()

    assert lines[0] == "path,label,group,start_s,end_s,part,fold,content"
    assert len(lines) == 13
    assert all(len(line.split(",")[-1]) == 32 for line in lines[1:])


def test_a_file_that_was_renamed_is_found_by_its_content(data, saved):
    path, split = saved
    moved = data[split.test[0]]
    moved.path.rename(moved.path.with_name("zz.wav"))
    renamed = replace(moved, name="a/zz.wav", path=moved.path.with_name("zz.wav"))
    clips = [renamed if clip is moved else clip for clip in data]

    other, again = load_split(path, Dataset(clips, root=data.root))
    assert "a/zz.wav" in names(other, again.test)
    assert other.notes == ()


def test_another_sound_under_the_same_name_is_refused_and_named(data, saved):
    data[3].path.write_bytes(b"another sound")

    with pytest.raises(DataError, match=r"1 clip with another content.*b/03\.wav"):
        load_split(saved[0], data)


def test_clips_that_the_split_does_not_know_are_left_out_and_named(data, saved):
    (data.root / "new.wav").write_bytes(b"new")
    more = Dataset([*data, Clip(name="new.wav", path=data.root / "new.wav", label="a", group="new")], root=data.root)

    kept, _ = load_split(saved[0], more)
    assert kept.n == 12
    assert kept.notes == ("1 clip without a place in split.csv left out: new.wav",)


def test_clips_that_are_absent_are_told(data, saved):
    _, split = saved
    gone = data[split.train[0]].name
    kept, _ = load_split(saved[0], data.subset([n for n in range(12) if data[n].name != gone]))

    assert kept.notes == (f"1 clip of split.csv not here, so that scores do not compare: {gone}",)


def test_the_split_of_another_data_set_is_refused(data, tmp_path):
    (tmp_path / "other.csv").write_text("path,part\nx.wav,train\ny.wav,test\n")

    with pytest.raises(DataError, match=r"gives a place to none of the clips, such as a/00\.wav"):
        load_split(tmp_path / "other.csv", data)


def test_two_columns_by_hand_are_enough(data, tmp_path):
    rows = [
        f"{clip.name},{'test' if clip.group == 'g0' else 'dev' if clip.group == 'g1' else 'training'}" for clip in data
    ]
    (tmp_path / "hand.csv").write_text("path,part\n" + "\n".join(rows) + "\n")
    # g0 is of label a and g1 of label b
    _, split = load_split(tmp_path / "hand.csv", data)

    assert names(data, split.test) == {"a/00.wav", "a/06.wav"}
    assert split.notes == ("label 'b' is learnt but not tested",)


def test_folds_are_saved_and_come_back(data, tmp_path):
    folded = leave_one_group_out(data)
    save_split(tmp_path / "folds.csv", folded)

    assert read_split(tmp_path / "folds.csv").apply(data).folds == folded.folds


def test_folds_are_no_parts(data, tmp_path):
    save_split(tmp_path / "folds.csv", leave_one_group_out(data))

    with pytest.raises(DataError, match="without train, validation or test"):
        load_split(tmp_path / "folds.csv", data)


def test_the_groups_that_it_names_itself_are_kept_whole(data, tmp_path):
    rows = [f"{clip.name},ann,{part}" for clip, part in zip(data, ["train", "test"] * 6, strict=True)]
    (tmp_path / "torn.csv").write_text("path,group,part\n" + "\n".join(rows) + "\n")

    with pytest.raises(SplitError, match=r"puts 1 group on two sides: ann \(a/00\.wav, b/01\.wav\)"):
        load_split(tmp_path / "torn.csv", data)


def test_the_groups_of_the_clips_are_kept_whole(data, saved):
    one = Dataset([replace(clip, group="one") for clip in data], root=data.root)

    with pytest.raises(SplitError, match="1 group on two sides"):
        load_split(saved[0], one)


def test_repeats_are_kept_whole(data, saved):
    path, split = saved
    together = {data[split.train[0]].name: "same", data[split.test[0]].name: "same"}

    with pytest.raises(SplitError, match="1 set of repeats on two sides"):
        load_split(path, data, together=together)


def test_what_goes_together_may_be_left_out_but_must_be_of_this_data_set(data, saved):
    path, _ = saved
    rows = path.read_text().splitlines()
    out = next(row for row in rows if ",train," in row).split(",")[0]
    path.write_text("\n".join(row for row in rows if not row.startswith(out)) + "\n")

    assert data.n - load_split(path, data, together={out: "same"})[0].n == 1
    with pytest.raises(SettingError, match="nothing in together"):
        load_split(path, data, together={"elsewhere.wav": "same"})


def test_other_labels_than_when_the_split_was_made_are_told(data, saved):
    path, split = saved
    clip = data[split.train[0]]
    label = next(label for label in data.labels if label != clip.label)
    changed = replace(data, clips=[replace(each, label=label) if each == clip else each for each in data])

    (note,) = load_split(path, changed)[0].notes
    assert note.startswith("1 clip with another label than in ")
    assert f"{clip.name} ({label}, was {clip.label})" in note
    assert load_split(path, data)[0].notes == ()


def test_a_torn_split_is_not_saved(data, tmp_path):
    with pytest.raises(SplitError, match="on two sides"):
        save_split(tmp_path / "x.csv", data, Split(train=tuple(range(6)), validation=(), test=tuple(range(6, 12))))
    assert not (tmp_path / "x.csv").exists()


def test_nothing_to_save_is_said(data, tmp_path):
    with pytest.raises(SettingError, match="nothing to save"):
        save_split(tmp_path / "x.csv", data)


def test_stretches_of_one_file_are_told_apart(tmp_path):
    (tmp_path / "long.wav").write_bytes(b"long")
    clips = [
        Clip(
            name="long.wav",
            path=tmp_path / "long.wav",
            label="ab"[n % 2],
            group=f"g{n}",
            start_s=n / 3,
            end_s=(n + 1) / 3,
        )
        for n in range(6)
    ]
    data = Dataset(clips, root=tmp_path)
    split = Split(train=(0, 1), validation=(2, 3), test=(4, 5))
    save_split(tmp_path / "s.csv", data, split)

    assert load_split(tmp_path / "s.csv", data) == (
        replace(data, clips=load_split(tmp_path / "s.csv", data)[0].clips),
        split,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,label\na.wav,x\n", "is no split: it needs the columns path and part"),
        ("name,part\na.wav,train\n", "is no split"),
        ("path,part\na.wav,holdout\nb.wav,train\n", "row 2: a path, and train"),
        ("path,part\n,train\n", "row 2"),
        ("path,fold\na.wav,first\n", "row 2"),
        ("path,part\na.wav,train\na.wav,test\n", r"gives 1 clip two places: a\.wav"),
        ("", "is empty"),
    ],
)
def test_a_table_that_is_no_split_says_so(tmp_path, text, said):
    (tmp_path / "t.csv").write_text(text)

    with pytest.raises(DataError, match=said):
        read_split(tmp_path / "t.csv")


def test_a_table_that_is_not_there_says_so(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_split(tmp_path / "t.csv")


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(sides=st.lists(st.sampled_from(["train", "validation", "test"]), min_size=4, max_size=12))
def test_whatever_is_saved_comes_back_or_is_refused(tmp_path_factory, sides):
    root = tmp_path_factory.mktemp("split")
    clips = []
    for n in range(len(sides)):
        (root / f'{n}, "x".wav').write_bytes(bytes([n]))
        clips.append(Clip(name=f'{n}, "x".wav', path=root / f'{n}, "x".wav', label="a", group=str(n)))
    data = Dataset(clips, root=root)
    parts = {part: tuple(n for n, side in enumerate(sides) if side == part) for part in ("train", "validation", "test")}
    save_split(root / "s.csv", data, Split(**parts))
    try:
        _, again = load_split(root / "s.csv", data)
    except SplitError:
        assert not all(parts.values())
        return
    assert {"train": again.train, "validation": again.validation, "test": again.test} == parts


@pytest.mark.parametrize("fold", ["²", "1.5", "-1", "9" * 5000, "1e0", "nan"])
def test_a_fold_that_is_no_whole_number_is_refused_with_its_row(tmp_path, fold):
    (tmp_path / "folds.csv").write_text(f"path,fold\na.wav,{fold}\n")

    with pytest.raises(DataError, match=r"row 2: .*a whole number as fold"):
        read_split(tmp_path / "folds.csv")


def test_folds_as_pandas_writes_them_beside_empty_ones_are_read(tmp_path):
    (tmp_path / "folds.csv").write_text("path,fold\na.wav,1.0\nb.wav,\nc.wav,12.\n")

    assert [row.fold for row in read_split(tmp_path / "folds.csv").rows] == [1, None, 12]
