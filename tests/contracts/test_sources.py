"""What every source of data must do: the layouts on disk, and the published data sets among them."""

import hashlib
import json
import re
import tarfile
import zipfile

import pytest

from earmark.data.fetch import fetch
from earmark.data.open import open_dataset
from earmark.data.sources import gtzan
from earmark.data.sources.catalogue import KNOWN, SOURCES
from earmark.errors import DataError

ESC_HEADER = "filename,fold,target,category,esc10,src_file,take"
URBAN_HEADER = "slice_file_name,fsID,start,end,salience,fold,classID,class"
GENRES_HEADER = "path,label,artist,groove,tempo_bpm,key,soundfont"


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(hashlib.md5(name.encode(), usedforsecurity=False).digest())


def write(root, name, *lines):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("\n".join(lines) + "\n")


def make_esc(root, targets):
    """Write a checkout: of each target two recordings of two takes, a recording being in one fold."""
    rows = [
        f"{fold}-{100 * target + fold}-{take}-{target}.wav,{fold},{target},class{target},{target in {0, 1, 10}},"
        f"{100 * target + fold},{take}"
        for target in targets
        for fold in (1, 2)
        for take in "AB"
    ]
    write(root, "meta/esc50.csv", ESC_HEADER, *rows)
    touch(root, *(f"audio/{row.split(',')[0]}" for row in rows))


def make_esc10(root):
    make_esc(root, (0, 1, 10))


def make_esc50(root):
    make_esc(root, (0, 1, 10, 49))


def make_fsdd(root):
    touch(root, *(f"recordings/{d}_{who}_{n}.wav" for d in range(3) for who in ("ann", "bob", "cy") for n in range(2)))
    write(root, "README.md", "digits")


def make_genres10(root):
    rows = [f"{g}/{g}.0000{n}.ogg,{g},{g}-artist{n // 2},68,90,C,F" for g in ("jazz", "rock") for n in range(4)]
    write(root, "tracks.csv", GENRES_HEADER, *rows)
    touch(root, *(row.split(",")[0] for row in rows))


def make_gtzan(root):
    touch(root, *(f"{genre}/{genre}.{n:05d}.wav" for genre in gtzan.GENRES for n in range(100)))


def make_speech_commands(root):
    names = [f"{word}/{who:08x}_nohash_{n}.wav" for word in ("no", "yes") for who in range(5) for n in range(2)]
    touch(root, *names, "_background_noise_/rain.wav")
    write(root, "validation_list.txt", *(name for name in names if "00000001" in name))
    write(root, "testing_list.txt", *(name for name in names if "00000002" in name))


def make_urbansound8k(root):
    rows = [
        f"{fs}-{label}-0-{n}.wav,{fs},{n}.5,4.5,1,{fold},{label},class{label}"
        for label in (0, 3)
        for fold in (1, 2, 10)
        for fs in (1000 * fold + label,)
        for n in range(2)
    ]
    write(root, "metadata/UrbanSound8K.csv", URBAN_HEADER, *rows)
    touch(root, *(f"audio/fold{row.split(',')[5]}/{row.split(',')[0]}" for row in rows))


def make_audiofolder(root):
    touch(root, "train/dog/a.wav", "train/rain/b.wav", "test/dog/c.wav", "test/rain/d.wav")


def make_folder(root):
    touch(root, "dog/a.wav", "dog/b.wav", "rain/c.wav", "rain/d.wav")


def make_table(root):
    write(root, "clips.csv", "path,label", "a.wav,dog", "b.wav,rain")
    touch(root, "a.wav", "b.wav")


MADE = {  # how to make a small one, and how many clips and groups are read from it
    "audiofolder": (make_audiofolder, 4, 4),
    "esc10": (make_esc10, 12, 6),
    "esc50": (make_esc50, 16, 8),
    "folder": (make_folder, 4, 4),
    "fsdd": (make_fsdd, 18, 3),
    "genres10": (make_genres10, 8, 4),
    "gtzan": (make_gtzan, 930, 930),
    "speech_commands": (make_speech_commands, 20, 5),
    "table": (make_table, 2, 2),
    "urbansound8k": (make_urbansound8k, 12, 6),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a small data set of a source once, in a folder whose name tells nothing; tests only read it."""
    folders = {}

    def make(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp("x y.z")
            MADE[name][0](folders[name])
        return folders[name]

    return make


def pack_tar(folder, archive, top):
    with tarfile.open(archive, "w:gz") as opened:
        opened.add(folder, arcname=top)


def pack_zip(folder, archive, top):
    with zipfile.ZipFile(archive, "w") as opened:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                opened.write(file, f"{top}/{file.relative_to(folder).as_posix()}")


def test_every_source_is_made_here():
    assert set(MADE) == set(SOURCES)
    assert set(KNOWN) < set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_it_is_recognised_whatever_the_folder_is_called_and_by_no_other_first(made, name):
    folder = made(name)

    assert next(key for key, source in SOURCES.items() if source.recognises(folder)) == name


@pytest.mark.parametrize("name", SOURCES)
def test_every_clip_is_there_with_a_label_and_a_group(made, name):
    _, n_clips, n_groups = MADE[name]
    data = open_dataset(made(name))

    assert data.n == n_clips
    assert len(set(data.groups)) == n_groups
    assert len(data.labels) > 1
    assert all(clip.path.is_file() and clip.label and clip.group for clip in data)
    assert len({(clip.name, clip.start_s) for clip in data}) == data.n


@pytest.mark.parametrize("name", SOURCES)
def test_what_it_calls_a_clip_starts_from_its_root(made, name):
    data = open_dataset(made(name))

    assert all((data.root / clip.name).samefile(clip.path) for clip in data)


@pytest.mark.parametrize("name", SOURCES)
def test_no_group_is_in_two_of_its_folds(made, name):
    data = open_dataset(made(name))
    folds = {}
    for clip in data:
        folds.setdefault(clip.group, set()).add(clip.fold)

    assert all(len(each) == 1 for each in folds.values())


@pytest.mark.parametrize("name", KNOWN)
def test_a_few_sounds_of_another_kind_are_not_taken_for_it(tmp_path, name):
    touch(tmp_path, "a.wav", "dog/b.wav", "jazz/jazz.00000.wav", "audio/c.wav")

    assert not KNOWN[name].recognises(tmp_path)
    assert not KNOWN[name].recognises(tmp_path / "a.wav")
    assert not KNOWN[name].recognises(tmp_path / "absent")


@pytest.mark.parametrize("name", SOURCES)
def test_its_layout_is_told_in_a_few_words(name):
    assert 10 < len(SOURCES[name].LAYOUT) < 100
    assert "\n" not in SOURCES[name].LAYOUT


@pytest.mark.parametrize("name", KNOWN)
def test_all_that_a_user_must_know_is_written_down(name):
    about = KNOWN[name].ABOUT

    assert about.title
    assert about.licence
    assert re.search(r"\d{4}", about.citation) or about.archive is None
    assert about.group
    assert about.split
    assert 0 < about.n_classes < about.n_clips
    assert about.n_megabytes > 0
    assert json.loads(json.dumps(about.to_json(name)))["name"] == name


@pytest.mark.parametrize("name", [name for name in KNOWN if KNOWN[name].ABOUT.archive])
def test_its_archive_has_an_address_and_a_checksum_that_can_be_checked(name):
    archive = KNOWN[name].ABOUT.archive
    kind, _, digits = archive.checksum.partition(":")

    assert archive.address.startswith(("https://", "http://"))
    assert archive.file_name.endswith((".zip", ".tar.gz"))
    assert re.fullmatch(r"[0-9a-f]+", digits)
    assert len(digits) == 2 * hashlib.new(kind, usedforsecurity=False).digest_size
    assert archive.n_bytes is None or round(archive.n_bytes / 1e6) == KNOWN[name].ABOUT.n_megabytes


@pytest.mark.slow
@pytest.mark.parametrize("pack", [pack_tar, pack_zip])
@pytest.mark.parametrize("name", KNOWN)
def test_out_of_an_archive_comes_what_went_in(made, tmp_path, name, pack):
    folder = made(name)
    pack(folder, tmp_path / "archive", "top-of-it")

    fetched = fetch(name, tmp_path / "new" / "place", origin=str(tmp_path / "archive"), checked=False)

    assert fetched.n_clips == MADE[name][1]
    kept = [(clip.name, clip.label, clip.group, clip.fold) for clip in open_dataset(fetched.folder)]
    assert kept == [(clip.name, clip.label, clip.group, clip.fold) for clip in open_dataset(folder)]


@pytest.mark.parametrize("name", KNOWN)
def test_an_archive_of_something_else_is_refused_and_leaves_nothing(tmp_path, name):
    touch(tmp_path / "other", "dog/a.wav", "rain/b.wav")
    pack_zip(tmp_path / "other", tmp_path / "archive", "top")

    with pytest.raises(DataError, match=r"holds something else|is no ESC-50|cannot be read"):
        fetch(name, tmp_path / "place", origin=str(tmp_path / "archive"), checked=False)
    assert not (tmp_path / "place").exists()


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_there_already_is_left_as_it_is(made, name):
    fetched = fetch(name, made(name), origin="https://example.invalid/never-asked")

    assert fetched.was_there
    assert fetched.n_clips == MADE[name][1]
