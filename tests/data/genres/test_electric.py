"""What disco, metal, pop, reggae and rock are known by."""

from earmark.data.genres.electric import DISCO, METAL, POP, REGGAE, ROCK
from earmark.data.genres.score import read_pattern
from earmark.data.genres.styles import STYLES
from earmark.data.genres.timbres import TIMBRES


def _starts(pattern):
    return [stroke.start for stroke in read_pattern(pattern, 0)]


def test_disco_has_the_kick_on_all_four():
    assert all(_starts(drums["kick"]) == [0, 0.25, 0.5, 0.75] for drums in DISCO.drums)


def test_reggae_chords_keep_off_the_beat():
    chords = [part for part in REGGAE.parts if part.role == "chords"]
    assert not any(start in {0, 0.25, 0.5, 0.75} for part in chords for p in part.patterns for start in _starts(p))


def test_metal_plays_power_chords_through_a_distorted_guitar():
    chords = next(part for part in METAL.parts if part.role == "chords")
    assert all(TIMBRES[name].drive > 5 for name in chords.timbres)
    assert all(symbol.endswith("5") for p in METAL.harmonies[0].progressions for symbol in p.split())


def test_rock_has_its_snare_on_two_and_four():
    assert all({0.25, 0.75} <= set(_starts(drums["snare"])) for drums in ROCK.drums)


def test_metal_and_disco_are_straight():
    assert METAL.swing == DISCO.swing == (0.5, 0.5)


def test_metal_has_more_kicks_than_any_other_genre():
    def most(genre):
        return max(len(_starts(drums["kick"])) for drums in STYLES[genre].drums if "kick" in drums)

    assert most("metal") > 2 * max(most(genre) for genre in STYLES if genre not in {"metal", "classical"})


def test_pop_goes_round_on_its_four_chords():
    progressions = POP.harmonies[0].progressions
    assert all(sorted(p.split()) == ["I", "IV", "V", "vi"] for p in progressions)
