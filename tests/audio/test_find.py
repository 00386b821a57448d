import pytest

from earmark.audio.find import find_sounds
from earmark.errors import AudioError


def test_files_stay_in_the_order_asked_and_a_folder_stands_for_its_sounds(sounds):
    last, first = sounds.write("z.wav", seconds=0.01), sounds.write("a.wav", seconds=0.01)
    below = [sounds.write(f"folder/{name}.wav", seconds=0.01) for name in ("b", "sub/a")]

    assert find_sounds([last, sounds.root / "folder", first]) == [last, *below, first]


def test_what_is_no_sound_or_hidden_is_left_out_of_folders(sounds):
    sound = sounds.write("folder/LOUD.WAV", seconds=0.01)
    for name in ("folder/notes.txt", "folder/.hidden.wav", "folder/__MACOSX/a.wav", "folder/.git/a.wav"):
        (sounds.root / name).parent.mkdir(exist_ok=True)
        (sounds.root / name).write_text("x")

    assert find_sounds([sounds.root / "folder"]) == [sound]


def test_a_file_that_is_named_is_returned_whatever_it_is(tmp_path):
    assert find_sounds([tmp_path / "missing.xyz"]) == [tmp_path / "missing.xyz"]


def test_a_folder_without_sounds_is_refused(tmp_path):
    with pytest.raises(AudioError, match="holds no sounds"):
        find_sounds([tmp_path])
