import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import MissingExtraError, SettingError
from earmark.experiment.config import make_config
from earmark.experiment.search import (
    Asking,
    Choices,
    Numbers,
    Trial,
    config_with,
    default_space,
    parse_search,
    values_of,
    with_values,
)
from earmark.models.catalogue import NETWORKS

TABLES = {"data": {"path": ""}}
TAKES_SOUND = [name for name in NETWORKS if name != "alexnet"]


def parse(*texts, **tables):
    return parse_search(texts, {**TABLES, **tables})


def test_ranges_choices_and_names_are_read():
    space = parse("train.learning_rate=1e-4..1e-2,network.dropout=0..0.6", "front_end.name=mfcc|log-mel")
    assert space == (
        Numbers(key="train.learning_rate", low=1e-4, high=1e-2),
        Numbers(key="network.dropout", low=0.0, high=0.6),
        Choices(key="front_end.name", texts=("mfcc", "log-mel")),
    )
    assert [one.is_log for one in space[:2]] == [True, False]


def test_a_range_of_a_setting_that_counts_is_whole():
    (one,) = parse("network.n_channels=8..64")
    assert one == Numbers(key="network.n_channels", low=8, high=64, is_whole=True)
    assert not one.is_log
    assert parse("network.dropout=0..0.5")[0].is_whole is False


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"network": {"name": "cnn"}, "front_end": {"n_mels": 32}}, "front_end.name"),
        ({"network": {"dropout": 0.1}}, "network.name"),
    ],
)
def test_settings_of_what_is_not_named_stay_with_the_name_that_it_has_by_itself(tables, key):
    tables = {**TABLES, **tables}
    table = key.partition(".")[0]
    own = getattr(make_config(tables), table).name
    other = {"front_end": "mfcc", "network": "cnn"}[table]
    assert with_values(tables, {key: own})[table] == {**tables[table], "name": own}
    assert make_config(with_values(tables, {key: own})) == make_config(tables)
    assert with_values(tables, {key: other})[table] == {"name": other}


def test_a_comma_inside_a_list_ends_no_setting():
    space = parse('augment.steps=[]|["gain","time-mask"],train.batch_size=16|32')
    assert [one.key for one in space] == ["augment.steps", "train.batch_size"]
    assert space[0].ends == ([], ["gain", "time-mask"])


def test_settings_of_a_network_that_is_searched_too_are_known():
    space = parse("network.name=mlp|cnn,network.dropout=0..0.6")
    values = values_of(space, {"network.name": "mlp", "network.dropout": 0.123456})
    config = make_config(with_values(TABLES, values))
    assert (config.network.name, config.network.settings.dropout) == ("mlp", 0.123)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("train.learning_rat=1e-4..1e-2", "train.learning_rat: there is no such setting: did you mean 'learning_rate'"),
        ("trian.learning_rate=1e-4..1e-2", "trian.learning_rate: cannot be searched"),
        ("data.path=a|b", "data.path: cannot be searched"),
        ("split.test_fold=1|2", "split.test_fold: cannot be searched"),
        ("seed=1..2", "seed: cannot be searched"),
        ("network=cnn|mlp", "network: cannot be searched"),
        ("train.learning_rate=1e-2..1e-4", "from a lower number to a higher one"),
        ("train.learning_rate=1..inf", "from a lower number to a higher one"),
        ("train.learning_rate=0..1", "train.learning_rate must be a number above 0"),
        ("train.learning_rate=a..b", "a range is LOW..HIGH"),
        ("train.patience=1.5..3", "train.patience: takes whole numbers"),
        ("train.optimiser=adam", "two different values or more"),
        ("train.optimiser=adam|adam", "two different values or more"),
        ("train.optimiser=adam|rmsprop", "train.optimiser"),
        ("front_end.name=mfcc|logmel", "did you mean 'log-mel'"),
        ("network.name=svm|cnn,network.dropout=0..0.5", "network.dropout: there is no such setting"),
        ("train.patience=3..5,train.patience=3..9", "gives train.patience twice"),
        ("learning_rate", "--search wants KEY=LOW..HIGH"),
        ("train.patience=", "--search wants KEY=LOW..HIGH"),
        ("", "--search wants KEY=LOW..HIGH"),
    ],
)
def test_what_cannot_be_searched_is_one_line_with_the_whole_key(text, told):
    with pytest.raises(SettingError) as caught:
        parse(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("network", TAKES_SOUND)
def test_every_network_has_a_space_whose_every_end_can_be(network):
    tables = {**TABLES, "network": {"name": network}}
    space = default_space(tables)
    assert space
    for one in space:
        for end in one.ends:
            make_config(with_values(tables, {one.key: end}))
    assert parse_search([str(one) for one in space], tables) == space  # what is written down reads the same


def asked(tables=TABLES, texts=("train.learning_rate=1e-4..1e-2", "network.dropout=0..0.6"), seed=0):
    space = parse_search(texts, tables)
    return Asking(space, tables, seed=seed), space


def search(n, asking, *, done=(), score=lambda tried: tried["network.dropout"]):
    """Return the trials of a search whose score is known."""
    trials = list(done)
    while len(trials) < n:
        tried = asking.next(trials).params
        trials.append(
            Trial(
                number=len(trials) + 1,
                tried=tried,
                state="complete",
                accuracy=score(tried),
                course=(score(tried),),
            )
        )
    return trials


def test_the_first_trial_is_the_settings_as_they_are_or_the_nearest_there_are():
    asking, space = asked({**TABLES, "train": {"learning_rate": 0.5}, "network": {"dropout": 0.25}})
    first = asking.next(()).params
    assert values_of(space, first) == {"train.learning_rate": 1e-2, "network.dropout": 0.25}


def test_a_search_that_goes_on_tries_what_one_that_was_never_cut_off_tries():
    whole = search(14, asked()[0])
    half = search(6, asked()[0])
    assert search(14, asked()[0], done=half) == whole


def test_another_seed_tries_others():
    assert search(4, asked(seed=1)[0])[1:] != search(4, asked()[0])[1:]


@pytest.mark.slow
def test_it_finds_what_is_better():
    trials = search(40, asked()[0], score=lambda tried: 1.0 - abs(tried["network.dropout"] - 0.1))
    late = [trial.tried["network.dropout"] for trial in trials[-10:]]
    assert abs(sum(late) / len(late) - 0.1) < 0.1


def test_a_hopeless_trial_is_given_up_and_a_middling_one_is_not():
    asking, _ = asked()
    tried = asking.next(()).params
    done = [
        Trial(number=n, tried=tried, state="complete", accuracy=0.9, course=(0.6 + n / 50, 0.9)) for n in range(1, 9)
    ]
    hopeless, middling = asking.next(done), asking.next(done)
    hopeless.report(0.1, 1)
    middling.report(0.68, 1)
    assert hopeless.should_prune()
    assert not middling.should_prune()


def test_a_trial_that_failed_counts_as_bad_as_can_be():
    asking, _ = asked()
    tried = asking.next(()).params
    done = [Trial(number=1, tried=tried, state="failed"), Trial(number=2, tried=tried, state="pruned", course=(0.2,))]
    assert set(asking.next(done).params) == set(tried)


def test_nothing_is_written_to_the_terminal_and_optuna_is_left_as_it_was(capfd):
    optuna = pytest.importorskip("optuna")
    before = optuna.logging.get_verbosity()
    search(3, asked()[0])
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == before


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"earmark\[tune\]"):
        asked()


@given(
    low=st.floats(1e-6, 1e3),
    factor=st.floats(1.001, 1e4),
    share=st.floats(0, 1),
)
def test_what_is_tried_stays_between_the_bounds_to_three_digits(low, factor, share):
    one = Numbers(key="train.learning_rate", low=low, high=low * factor)
    tried = low + share * (one.high - low)
    value = one.value(tried)
    assert one.low <= value <= one.high
    assert abs(value - tried) <= 0.006 * tried


def test_among_networks_the_one_that_learns_in_no_batches_goes_without_augmentation():
    tables = {**TABLES, "augment": {"steps": ["gain"]}}
    space = parse_search(["network.name=resnet-mel|svm"], tables)
    steps = {name: config_with(tables, space, {"network.name": name}).augment.steps for name in ("resnet-mel", "svm")}
    assert steps == {"resnet-mel": ("gain",), "svm": ()}
    around = {**tables, "network": {"name": "svm"}}
    assert config_with(around, space, {}).augment.steps == ()
    alone = parse_search(["network.penalty=0.1..100"], around)  # here it is the user's fault, and is told
    assert config_with(around, alone, {}).augment.steps == ("gain",)


def test_values_keep_the_rest_of_their_tables_and_change_nothing_received():
    tables = {"data": {"path": "a"}, "train": {"patience": 3}}
    changed = with_values(tables, {"train.learning_rate": 0.1})
    assert changed["train"] == {"patience": 3, "learning_rate": 0.1}
    assert tables == {"data": {"path": "a"}, "train": {"patience": 3}}
