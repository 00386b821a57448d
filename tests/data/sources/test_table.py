import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.data.sources import table
from earmark.errors import DataError


@pytest.fixture
def write(tmp_path):
    for name in ("a.wav", "b.wav", "c.wav"):
        (tmp_path / name).touch()

    def write_table(text, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write_table


def refusal(path):
    with pytest.raises(DataError) as caught:
        table.load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_path_and_label_are_enough_and_the_file_is_its_group(write):
    data = table.load(write("path,label\na.wav,dog\nb.wav,rain\n"))

    assert [(clip.name, clip.label, clip.group, clip.fold, clip.start_s, clip.end_s) for clip in data] == [
        ("a.wav", "dog", "a.wav", None, 0.0, None),
        ("b.wav", "rain", "b.wav", None, 0.0, None),
    ]
    assert all(clip.path.is_file() for clip in data)
    assert data.notes == ()


def test_the_other_columns_mean_what_they_say_and_the_rest_is_kept(write):
    text = "fold,artist,label,path,group,start_s,end_s,key\n2,Ada,dog,a.wav,mo,1.5,4,C\n1.0,Bo,rain,b.wav,tu,,,\n"
    first, second = table.load(write(text))

    assert (first.fold, first.group, first.start_s, first.end_s) == (2, "mo", 1.5, 4.0)
    assert first.extra == {"artist": "Ada", "key": "C"}
    assert (second.fold, second.group, second.start_s, second.end_s) == (1, "tu", 0.0, None)
    assert second.extra == {"artist": "Bo", "key": ""}


def test_rows_without_a_label_among_others_are_left_out_and_named(write):
    data = table.load(write("path,label,fold\na.wav,dog,1\nb.wav,,\n,\t,\nc.wav,rain,2\n./b.wav, ,7\n"))

    assert [(clip.name, clip.fold) for clip in data] == [("a.wav", 1), ("c.wav", 2)]
    assert data.notes == ("2 clips without a label left out: b.wav, ./b.wav",)


def test_stretches_of_one_file_share_a_group(write):
    data = table.load(write("path,label,start_s,end_s\na.wav,dog,0,1\na.wav,rain,1,2\nb.wav,dog,0,1\n"))

    assert data.groups == ("a.wav", "a.wav", "b.wav")


@pytest.mark.parametrize("mark", [",", "\t", ";"])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "T.CSV"])
def test_commas_tabs_and_semicolons_are_told_apart(write, mark, name):
    data = table.load(write(f"path{mark}label{mark}artist\na.wav{mark}dog{mark}A\nb.wav{mark}rain{mark}B\n", name))

    assert [clip.extra["artist"] for clip in data] == ["A", "B"]


def test_a_path_with_a_comma_needs_no_quotes_between_tabs(write, tmp_path):
    (tmp_path / "a, b, c.wav").touch()

    assert table.load(write("path\tlabel\na, b, c.wav\tdog\n", "t.tsv"))[0].path.is_file()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_marks_of_encoding_and_any_line_ends_are_read(write, encoding, newline):
    data = table.load(write(newline.join(["path,label", "a.wav,Hähnchen", "b.wav,雨", ""]), encoding=encoding))

    assert data.labels == ("Hähnchen", "雨")


def test_unicode_spaces_and_quotes_in_paths_are_kept(write, tmp_path):
    for name in ("büro 1.wav", 'it\'s, "so".wav'):
        (tmp_path / name).touch()
    data = table.load(write('path,label\nbüro 1.wav,dog\n"it\'s, ""so"".wav",rain\n'))

    assert all(clip.path.is_file() for clip in data)


def test_spaces_around_cells_are_no_part_of_them(write):
    clip = table.load(write("path , label, artist\na.wav , dog , Ada \n"))[0]

    assert (clip.name, clip.label, clip.extra) == ("a.wav", "dog", {"artist": "Ada"})


def test_a_file_whose_name_begins_with_a_space_is_found(write, tmp_path):
    (tmp_path / " x.wav").touch()

    assert table.load(write("path,label\n x.wav,dog\n"))[0].path.is_file()


def test_a_path_written_on_windows_is_found(write, tmp_path):
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "a.wav").touch()

    assert table.load(write("path,label\ndog\\a.wav,dog\n"))[0].name == "dog/a.wav"


def test_labels_that_differ_in_case_stay_apart(write):
    assert table.load(write("path,label\na.wav,Dog\nb.wav,dog\n")).labels == ("Dog", "dog")


def test_blank_rows_are_passed_over_and_counted(write):
    path = write("\npath,label\n\na.wav,dog\n,\n   ,\n,rain\n")

    assert "row 7 has nothing" in refusal(path)


def test_a_column_without_a_name_is_passed_over(write):
    assert table.load(write(",path,label\n0,a.wav,dog\n1,b.wav,rain\n"))[0].extra == {}


def test_empty_columns_of_group_and_fold_count_as_absent(write):
    data = table.load(write("path,label,group,fold\na.wav,dog,,\nb.wav,rain,,\n"))

    assert data.groups == ("a.wav", "b.wav")
    assert data.folds == (None, None)


# ---------------------------------------------------------------- places


def test_an_absolute_path_is_allowed_and_keeps_its_name(write, tmp_path):
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere.wav"
    elsewhere.touch()
    clip = table.load(write(f"path,label\n{elsewhere},dog\n"))[0]

    assert clip.path == elsewhere
    assert clip.name == elsewhere.as_posix()


@pytest.mark.parametrize("way", ["{folder}/a.wav", "./a.wav", "x/../a.wav", ".//a.wav"])
def test_one_file_has_one_name_however_it_is_written(write, tmp_path, way):
    data = table.load(write(f"path,label\na.wav,dog\n{way.format(folder=tmp_path)},dog\nb.wav,rain\n"))

    assert [clip.name for clip in data] == ["a.wav", "b.wav"]
    assert data.notes == ("1 repeated row was dropped: a.wav",)


def test_a_path_out_of_the_folder_is_allowed(write, tmp_path, monkeypatch):
    (tmp_path / "meta").mkdir()
    path = write("path,label\n../a.wav,dog\n", "meta/t.csv")

    assert table.load(path)[0].name == "../a.wav"
    monkeypatch.chdir(tmp_path / "meta")
    clip = table.load(type(path)("t.csv"))[0]
    assert clip.name == "../a.wav"
    assert clip.path.is_file()


def test_a_missing_file_stays_for_the_reading_to_report(write):
    data = table.load(write("path,label\na.wav,dog\ngone.wav,rain\n"))

    assert [clip.name for clip in data] == ["a.wav", "gone.wav"]


def test_a_table_none_of_whose_files_is_there_says_where_it_looked(write, tmp_path):
    message = refusal(write("path,label\naudio/a.wav,dog\naudio/b.wav,rain\n"))

    assert "none of the files" in message
    assert str(tmp_path / "audio" / "a.wav") in message


# ---------------------------------------------------------------- repeats


def test_repeated_rows_are_dropped_and_named(write):
    data = table.load(write("path,label\na.wav,dog\nb.wav,rain\na.wav,dog\nb.wav,rain\n"))

    assert data.n == 2
    assert data.notes == ("2 repeated rows were dropped: a.wav, b.wav",)


def test_other_stretches_are_no_repeats(write):
    data = table.load(
        write("path,label,start_s,end_s\na.wav,dog,0,1\na.wav,dog,0,2\na.wav,dog,0,\na.wav,dog,0.0,1.0\n")
    )

    assert data.n == 3
    assert data.notes == ("1 repeated row was dropped: a.wav",)


@pytest.mark.parametrize(
    ("column", "one", "other", "shown"),
    [
        ("label", "dog", "rain", "has two labels, 'dog' in row 2 and 'rain' in row 4"),
        ("group", "mo", "tu", "has two groups, 'mo' in row 2 and 'tu' in row 4"),
        ("fold", "1", "2", "has two folds, 1 in row 2 and 2 in row 4"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(write, column, one, other, shown):
    row = {"path": "a.wav", "label": "dog", "group": "g", "fold": "1"}
    rows = [row | {column: one}, row | {"path": "b.wav"}, row | {column: other}]
    text = "\n".join([",".join(row), *(",".join(each.values()) for each in rows)])

    message = refusal(write(text))
    assert f"a.wav {shown}" in message


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n \n,,\n", "is empty"),
        ("path,label\n", "has a header and no rows"),
        ("file,label\na.wav,dog\n", "no column 'path': known: file, label"),
        (",file,label\n0,a.wav,dog\n", "no column 'path': known: file, label"),
        ("Path,label\na.wav,dog\n", "no column 'path': did you mean 'Path'?"),
        ("path,labels\na.wav,dog\n", "no column 'label': did you mean 'labels'?"),
        ("a.wav,dog\nb.wav,rain\n", "no column 'path'"),
        ("path,label,label\na.wav,dog,dog\n", "two columns called 'label'"),
        ("path,label\na.wav,\nb.wav, \n", "'label' must hold a label: row 2 has nothing, row 3 has nothing"),
        ("path,label\na.wav\n", "'label' must hold a label: row 2 has nothing"),
        ("path,label\na.wav,dog\n,rain\n", "'path' must hold a path: row 3 has nothing"),
        ("path,label,group\na.wav,dog,g\nb.wav,rain,\n", "'group' must hold a group: row 3 has nothing"),
        ("path,label,fold\na.wav,dog,1\nb.wav,rain,two\n", "'fold' must hold a whole number: row 3 has 'two'"),
        ("path,label,fold\na.wav,dog,1\nb.wav,rain,\n", "'fold' must hold a whole number: row 3 has nothing"),
        ("path,label,fold\na.wav,dog,1.5\n", "row 2 has '1.5'"),
        ("path,label,fold\na.wav,dog,-1\n", "row 2 has '-1'"),
        ("path,label,fold\na.wav,dog,nan\n", "row 2 has 'nan'"),
        ("path,label,fold\na.wav,dog,1_0\n", "row 2 has '1_0'"),
        ("path,label,fold\na.wav,dog,²\n", "row 2 has '²'"),
        ("path,label,start_s\na.wav,dog,soon\n", "'start_s' must hold seconds from 0, such as 1.5: row 2 has 'soon'"),
        ("path,label,start_s\na.wav,dog,-1\n", "row 2 has '-1'"),
        ("path,label,start_s\na.wav,dog,nan\n", "row 2 has 'nan'"),
        ("path,label,end_s\na.wav,dog,inf\n", "'end_s' must hold seconds above 0, such as 2.5: row 2 has 'inf'"),
        ("path;label;end_s\na.wav;dog;1,5\n", "row 2 has '1,5'"),
        ("path,label,start_s,end_s\na.wav,dog,2,2\n", "end_s must come after start_s: row 2 has 2 to 2"),
        ("path,label,start_s,end_s\na.wav,dog,,0\n", "end_s must come after start_s: row 2 has 0 to 0"),
        ("path,label\na, b.wav,dog\n", "more cells than its header: row 2; quote cells with commas"),
        ('path,label\n"a.wav,dog\nb.wav,rain\n', "is no table: line 3"),
        ('path,label\n"a"b.wav,dog\n', "is no table: line 2"),
        ("path,label\na\0.wav,dog\n", "is not text"),
    ],
)
def test_a_fault_is_named_in_one_line(write, text, said):
    assert said in refusal(write(text))


def test_a_hundred_faulty_rows_are_not_all_listed(write):
    message = refusal(write("path,label\n" + "a.wav,\n" * 100))

    assert message.endswith("row 6 has nothing and 95 more")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_text_that_is_not_utf8_is_refused(write, encoding):
    assert "is not UTF-8 text (byte " in refusal(write("path,label\nbüro.wav,dog\n", encoding=encoding))


def test_a_sound_named_csv_is_refused(sounds):
    path = sounds.write("a.wav").rename(sounds.root / "a.csv")

    assert "UTF-8" in refusal(path) or "text" in refusal(path)


def test_a_table_that_may_not_be_read_is_refused(write, monkeypatch):
    path = write("path,label\na.wav,dog\n")

    def deny(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "read_bytes", deny)

    assert refusal(path).endswith("cannot be read: permission denied")


@given(st.binary(max_size=200))
def test_any_bytes_give_clips_or_a_refusal(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"path,label,fold,start_s\n" + content)
    try:
        table.load(path)
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017 - either way is right


# ---------------------------------------------------------------- tables in folders


def test_a_folder_with_one_table_of_clips_is_that_table(write, tmp_path):
    path = write("path,label\na.wav,dog\nb.wav,rain\n")
    write("x,y\n1,2\n", "other.csv")
    write("path,label\na.wav,dog\n", ".hidden.csv")

    assert table.recognises(tmp_path)
    assert table.load(tmp_path) == table.load(path)


def test_a_folder_with_two_tables_of_clips_asks_for_one(write, tmp_path):
    write("path,label\na.wav,dog\n", "one.csv")
    write("path\tlabel\na.wav\tdog\n", "two.tsv")

    with pytest.raises(DataError, match=r"holds several tables: open one of one\.csv, two\.tsv"):
        table.load(tmp_path)


@pytest.mark.parametrize(("name", "recognised"), [("t.csv", True), ("t.TSV", True), ("t.txt", False), ("csv", False)])
def test_a_table_is_recognised_by_its_suffix(write, name, recognised):
    assert table.recognises(write("", name)) is recognised
