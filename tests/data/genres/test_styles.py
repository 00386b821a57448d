"""The ten genres are well formed."""

import pytest

from earmark.data.genres.drums import VOICES
from earmark.data.genres.harmony import SCALES, parse_chord
from earmark.data.genres.styles import STYLES
from earmark.data.genres.timbres import TIMBRES

SIGNS = {"bass": set("12356789"), "chords": set("Xxo"), "arpeggio": set("12345678"), "melody": set("Xxo")}


def test_the_genres_are_those_of_gtzan():
    assert " ".join(STYLES) == "blues classical country disco hiphop jazz metal pop reggae rock"


@pytest.mark.parametrize("genre", STYLES)
def test_chords_and_scales_can_be_read(genre):
    for harmony in STYLES[genre].harmonies:
        assert harmony.scale in SCALES
        for progression in harmony.progressions:
            for bar in progression.split():
                for symbol in bar.split("/"):
                    parse_chord(symbol)


@pytest.mark.parametrize("genre", STYLES)
def test_parts_name_timbres_and_signs_that_there_are(genre):
    for part in STYLES[genre].parts:
        assert set(part.timbres) <= set(TIMBRES)
        for pattern in part.patterns:
            assert set(pattern) <= SIGNS[part.role] | set(".-|")
            assert len({len(bar) for bar in pattern.split("|")}) == 1
            assert len(pattern.split("|")[0]) in {8, 16}


@pytest.mark.parametrize("genre", STYLES)
def test_drums_name_voices_and_signs_that_there_are(genre):
    style = STYLES[genre]
    for drums in (*style.drums, {"tom": style.fill} if style.fill else {}):
        assert set(drums) <= set(VOICES)
        for pattern in drums.values():
            assert set(pattern) <= set("Xxo.|")
            assert all(len(bar) in {8, 16} for bar in pattern.split("|"))


@pytest.mark.parametrize("genre", STYLES)
def test_tempo_and_swing_can_be(genre):
    style = STYLES[genre]
    assert 40 < style.tempo_bpm[0] < style.tempo_bpm[1] < 220
    assert 0.5 <= style.swing[0] <= style.swing[1] < 0.75
