import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audit import pairs as module
from earmark.audit.fingerprint import FRAME_RATE_HZ, Fingerprint
from earmark.audit.pairs import PairSettings, find_pairs
from earmark.errors import SettingError


def made(words, heard=None):
    """A fingerprint of given words: every fourth or so is a key of each table, whatever its place."""
    words = np.asarray(words, np.uint32)
    frames = np.flatnonzero((words * np.uint32(2654435761)) >> np.uint32(30) == 0)
    keys = []
    for table in range(4):
        octets = np.delete(words[frames].view(np.uint8).reshape(-1, 4), table, axis=1).astype(np.uint32)
        keys.append(octets @ np.array([1, 256, 65536], np.uint32) + np.uint32(table << 24))
    return Fingerprint(
        words=words,
        heard=np.ones(len(words), bool) if heard is None else np.asarray(heard, bool),
        keys=np.concatenate(keys).astype(np.uint32),
        key_frames=np.tile(frames, 4).astype(np.int32),
    )


def random_words(n=300, seed=0):
    return np.random.default_rng(seed).integers(2**32, size=n, dtype=np.uint32)


def with_errors(words, share, seed=0):
    turned = np.random.default_rng(seed).random((len(words), 32)) < share
    return words ^ np.packbits(turned, axis=1).view(np.uint32)[:, 0]


def places(pairs):
    return [(pair.first, pair.second) for pair in pairs]


@given(st.integers(-60, 60), st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_a_shifted_copy_is_found_with_its_shift(shift, seed):
    words = random_words(400, seed)
    one, other = words[60:340], words[60 + shift : 340 + shift]
    (pair,) = find_pairs([made(random_words(seed=seed + 1)), made(one), made(other)])
    assert (pair.first, pair.second) == (1, 2)
    assert pair.offset_s * FRAME_RATE_HZ == shift
    assert pair.errors == 0
    assert pair.shared_s * FRAME_RATE_HZ == 280 - abs(shift)
    assert pair.sureness > 0.98


def test_a_copy_with_errors_is_found_and_its_errors_are_counted():
    words = random_words()
    (pair,) = find_pairs([made(words), made(with_errors(words, 0.05))])
    assert 0.03 < pair.errors < 0.07


def test_an_excerpt_is_found_in_the_longer_one_and_is_all_of_it():
    words = random_words(2000)
    (pair,) = find_pairs([made(words), made(words[1200:1300])])
    assert pair.offset_s * FRAME_RATE_HZ == 1200
    assert pair.share == 1


def test_sounds_that_share_a_stretch_say_how_much():
    shared = random_words(150)
    one = np.concatenate([random_words(150, seed=1), shared])
    other = np.concatenate([shared, random_words(450, seed=2)])
    (pair,) = find_pairs([made(one), made(other)])
    assert pair.share == 0.5


@given(st.integers(0, 10**6))
@settings(max_examples=5, deadline=None)
def test_chance_makes_no_pair(seed):
    assert find_pairs([made(random_words(200, seed + number)) for number in range(20)]) == []


def test_a_common_key_alone_makes_no_pair():
    one, other = random_words(seed=1), random_words(seed=2)
    other[100:103] = one[100:103]
    prints = [made(one), made(other)]
    assert set(prints[0].keys.tolist()) & set(prints[1].keys.tolist()) or made(one[100:103]).keys.size == 0
    assert find_pairs(prints) == []


def test_silence_in_common_is_no_sound_in_common():
    words = random_words()
    heard = np.arange(300) < 5
    assert find_pairs([made(words, heard), made(words.copy(), heard)]) == []


def test_a_short_stretch_has_to_be_the_more_alike():
    """At a fifth of errors, 1.6 s are enough and 0.3 s are not."""
    words = random_words(3000, seed=3)
    lengths = {}
    for n_frames in (20, 100):
        tries = range(0, 3000 - n_frames, n_frames)
        prints = [(made(words[at : at + n_frames]), made(with_errors(words[at : at + n_frames], 0.2))) for at in tries]
        candidates = [(0, 1, 0)] * len(prints)
        found = [module._compared(pair, *candidates[0], PairSettings()) for pair in prints]
        lengths[n_frames] = np.mean([each is not None for each in found])
    assert lengths[20] == 0
    assert lengths[100] > 0.95


def test_many_copies_of_one_sound_hang_together_without_being_compared_each_with_each():
    words = random_words()
    n = 40
    found = places(find_pairs([made(words) for _ in range(n)]))
    assert {place for pair in found for place in pair} == set(range(n))
    assert len(found) <= n * module._MOST_PARTNERS
    reached, grown = {0}, True
    while grown:
        more = {place for pair in found if reached & set(pair) for place in pair}
        grown, reached = not more <= reached, reached | more
    assert reached == set(range(n))


def test_the_work_is_bounded_where_all_sounds_have_the_same_keys():
    """Hum and silence give thousands of sounds one key: each is held against a few only."""
    prints = [made(np.full(50, 7, np.uint32)) for _ in range(300)]
    n_keys = sum(len(one.keys) for one in prints)
    n_hits = sum(len(block) for block in module._hits(module._Index(prints)))
    assert n_hits <= n_keys * module._MOST_PARTNERS


def test_blocks_make_no_difference(monkeypatch):
    words = random_words(900)
    prints = [made(words[start : start + 300]) for start in range(0, 600, 100)]
    whole = find_pairs(prints)
    monkeypatch.setattr(module, "_BLOCK", 501)
    assert find_pairs(prints) == whole
    assert len(whole) > 5


def test_the_order_of_sounds_makes_no_difference():
    words = random_words(900)
    prints = [made(words[start : start + 200]) for start in (0, 100, 500, 30)]
    forward = {(pair.first, pair.second): pair.offset_s for pair in find_pairs(prints)}
    backward = {(3 - pair.second, 3 - pair.first): -pair.offset_s for pair in find_pairs(prints[::-1])}
    assert forward == backward
    assert set(forward) == {(0, 1), (0, 3), (1, 3)}


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_and_one_sound_have_no_pairs(n):
    assert find_pairs([made(random_words())] * n) == []


def test_a_sound_without_keys_or_frames_has_no_pairs():
    nothing = made(np.zeros(0, np.uint32))
    words = random_words()
    assert places(find_pairs([nothing, made(words), nothing, made(words)])) == [(1, 3)]
    assert find_pairs([nothing, nothing]) == []


def test_progress_is_told_of_every_candidate():
    class Told:
        n_steps = n_done = 0

        def start(self, title, n_steps):
            self.n_steps += n_steps

        def advance(self, note=""):
            self.n_done += 1

    told, words = Told(), random_words()
    find_pairs([made(words), made(words)], progress=told)
    assert told.n_done == told.n_steps > 0


@pytest.mark.parametrize(
    "changed", [{"most_errors": 0.5}, {"most_errors": 0}, {"least_evidence": 0}, {"shortest_s": -1.0}]
)
def test_a_setting_out_of_its_range_is_refused(changed):
    with pytest.raises(SettingError, match=next(iter(changed))):
        PairSettings(**changed)


def test_a_long_stretch_with_errors_says_more_than_a_short_one_without():
    long, short = random_words(200, 1), random_words(80, 2)
    one = np.concatenate([short, random_words(60, 3), long])
    other = np.concatenate([with_errors(long, 0.05), random_words(60, 4), short])
    (pair,) = find_pairs([made(one), made(other)])
    assert pair.offset_s * FRAME_RATE_HZ == 140
    assert pair.shared_s * FRAME_RATE_HZ == 200


def test_more_sound_than_there_are_places_is_refused(monkeypatch):
    monkeypatch.setattr(module, "_PLACE", np.uint64(1000))
    assert find_pairs([made(random_words())]) == []
    with pytest.raises(SettingError, match="too long to be compared at once"):
        find_pairs([made(random_words(seed=seed)) for seed in range(4)])
