import datetime as dt
import math
import tomllib
from dataclasses import asdict, replace

import pytest

from earmark.audio.segments import Segments
from earmark.errors import SettingError, StorageError
from earmark.experiment.config import (
    DataConfig,
    SegmentConfig,
    config_of,
    describe_differences,
    load_config,
    make_config,
    own_front_end,
    show_as_toml,
)
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.features.mfcc import MfccSettings
from earmark.models.blueprint import Blueprint
from earmark.models.catalogue import DEFAULT_NETWORK, NETWORKS
from earmark.models.cnn import CnnSettings
from earmark.train.settings import TrainSettings

FULL = {
    "seed": 7,
    "device": "cpu",
    "data": {"path": 'Töne "laut"/a\\b\n', "group_column": "artist", "group_pattern": r"^(\w+)-\d+\.wav$"},
    "split": {"test_fold": 3, "validation_fraction": 0.1},
    "segments": {"segment_s": 1.5, "hop_s": 0.75},
    "front_end": {"name": "mfcc", "n_mfcc": 20, "sample_rate": 16000, "fmax_hz": 7000.0},
    "network": {"name": "mlp", "n_hidden": [32, 16], "dropout": 0.1},
    "augment": {"steps": ["noise:snr_db_low=5.0:colour=pink", "gain"], "n_copies": 2},
    "train": {
        "max_epochs": 3,
        "patience": 2,
        "keep": "last",
        "batch_size": 4,
        "segments_per_clip": 2,
        "optimiser": "adamax",
        "learning_rate": 1e-4,
        "schedule": "cosine",
        "warmup_epochs": 1,
        "weight_decay": 0.5,
        "l1": 1e-5,
        "l2": 1e-4,
        "label_smoothing": 0.1,
        "class_weights": "balanced",
        "clip_norm": 2.0,
        "ema_decay": 0.99,
        "mixed_precision": True,
    },
}


def refused(tables, match):
    with pytest.raises(SettingError, match=match) as caught:
        make_config({"data": {"path": "sounds"}, **tables})
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- there and back


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_what_is_saved_is_read_as_the_same_value(tmp_path, network, front_end):
    config = make_config(
        {"data": {"path": "sounds"}, "network": {"name": network}, "front_end": {"name": front_end}, "seed": 2}
    )

    config.save(tmp_path / "config.toml")

    assert make_config(load_config(tmp_path / "config.toml")) == config


def test_a_configuration_in_which_everything_is_said_is_read_as_the_same_value(tmp_path):
    config = make_config(FULL)

    config.save(tmp_path / "config.toml")

    assert make_config(load_config(tmp_path / "config.toml")) == config
    assert config.data.path == FULL["data"]["path"]
    assert asdict(config.train) == FULL["train"]
    assert config.network.settings.n_hidden == (32, 16)
    assert config.front_end.settings.n_mfcc == 20


@pytest.mark.parametrize("value", [1e-300, 0.1 + 0.2, 1e22, 3.0])
def test_numbers_come_back_bit_for_bit(tmp_path, value):
    config = make_config({"data": {"path": "a"}, "train": {"learning_rate": value}})

    config.save(tmp_path / "config.toml")

    assert make_config(load_config(tmp_path / "config.toml")).train.learning_rate == value


def test_the_file_is_toml_with_every_default_in_it(tmp_path):
    make_config({"data": {"path": "a"}, "network": {"name": "cnn"}}).save(tmp_path / "config.toml")

    tables = tomllib.loads((tmp_path / "config.toml").read_text(encoding="utf-8"))

    assert tables["train"] == {key: value for key, value in asdict(TrainSettings()).items() if value is not None}
    assert tables["network"]["name"] == "cnn"
    assert tables["front_end"] | {"name": "log-mel", "n_fft": 2048, "hop_samples": 512} == tables["front_end"]
    assert (tables["seed"], tables["device"]) == (0, "auto")


def test_each_network_brings_its_own_front_end():
    for network, kind in NETWORKS.items():
        config = make_config({"data": {"path": "a"}, "network": {"name": network}})
        assert config.front_end.name == kind.front_end
        assert isinstance(config.front_end.settings, FRONT_ENDS[kind.front_end].settings)
        assert isinstance(config.network.settings, kind.settings)


def test_what_is_given_is_not_changed():
    tables = {"data": {"path": "a"}, "network": {"name": "mlp", "dropout": 0.5}, "front_end": {"name": "mfcc"}}
    make_config(tables)

    assert tables == {"data": {"path": "a"}, "network": {"name": "mlp", "dropout": 0.5}, "front_end": {"name": "mfcc"}}


def test_a_whole_number_does_for_a_fraction():
    assert make_config({"data": {"path": "a"}, "segments": {"segment_s": 3}}).segments.segment_s == 3.0


# ---------------------------------------------------------------- unknown keys


@pytest.mark.parametrize(
    ("tables", "match"),
    [
        ({"sede": 1}, r"^sede: there is no such setting: did you mean 'seed'"),
        ({"data": {"path": "a", "pth": "b"}}, r"^data\.pth: there is no such setting: did you mean 'path'"),
        ({"split": {"test_flod": 5}}, r"^split\.test_flod: there is no such setting: did you mean 'test_fold'"),
        ({"segments": {"cuont": 5}}, r"^segments\.cuont: .*did you mean 'count'"),
        ({"train": {"max_epoch": 5}}, r"^train\.max_epoch: .*did you mean 'max_epochs'"),
        ({"network": {"droput": 0.1}}, r"^network\.droput: .*did you mean 'dropout'"),
        ({"network": {"name": "svm", "dropout": 0.1}}, r"^network\.dropout: .*penalty"),
        ({"front_end": {"n_mel": 40}}, r"^front_end\.n_mel: .*did you mean 'n_mels'"),
        ({"front_end": {"name": "log-mel", "n_mfcc": 40}}, r"^front_end\.n_mfcc: "),
        ({"network": {"name": "cn"}}, r"no network called 'cn': did you mean 'cnn'"),
        ({"front_end": {"name": "mfc"}}, r"no front end called 'mfc': did you mean 'mfcc'"),
    ],
)
def test_an_unknown_key_is_refused_by_its_whole_path_with_the_nearest(tables, match):
    refused(tables, match)


# ---------------------------------------------------------------- values that cannot be


@pytest.mark.parametrize(
    ("tables", "match"),
    [
        ({"data": {}}, r"^data\.path: is missing"),
        ({"data": {"path": 3}}, r"^data\.path: .*not 3"),
        ({"data": {"path": "a", "group_column": ["b"]}}, r"^data\.group_column: "),
        ({"split": {"test_fold": "five"}}, r"^split\.test_fold: .*not 'five'"),
        ({"split": {"test_fold": 1.5}}, r"^split\.test_fold: .*1\.5"),
        ({"split": {"test_fraction": "half"}}, r"^split\.test_fraction: .*'half'"),
        ({"segments": {"count": 2.5}}, r"^segments\.count: "),
        ({"segments": {"segment_s": [3]}}, r"^segments\.segment_s: "),
        ({"train": {"max_epochs": "many"}}, r"^train\.max_epochs: .*'many'"),
        ({"train": {"max_epochs": 0}}, r"^train\.max_epochs must be at least 1, not 0"),
        ({"train": {"learning_rate": -1.0}}, r"^train\.learning_rate must be"),
        ({"network": {"dropout": 2.0}}, r"^network\.dropout must be"),
        ({"network": {"name": "mlp", "n_hidden": [3, "a"]}}, r"^network\.n_hidden\.1: .*'a'"),
        ({"network": {"name": "mlp", "n_hidden": 3}}, r"^network\.n_hidden: "),
        ({"front_end": {"n_fft": -1}}, r"^front_end\W.*n_fft.*-1"),
        ({"front_end": {"n_fft": {"a": 1}}}, r"^front_end\.n_fft: "),
        ({"train": {"max_epochs": dt.date(2020, 1, 1)}}, r"^train\.max_epochs: "),
        ({"train": {"max_epochs": True}}, r"^train\.max_epochs: .*True"),
        ({"segments": {"count": True}}, r"^segments\.count: .*True"),
        ({"split": {"test_fold": False}}, r"^split\.test_fold: .*False"),
        ({"train": {"max_epochs": "5"}}, r"^train\.max_epochs: .*'5'"),
        ({"front_end": {"top_db": math.inf}}, r"^front_end\.top_db: must be a finite number, not inf"),
        ({"split": {"test_fraction": math.nan}}, r"^split\.test_fraction: must be a finite number, not nan"),
        ({"network": {"name": 3}}, r"^network\.name: .*3"),
        ({"network": {"name": ["cnn"]}}, r"^network\.name: "),
        ({"front_end": {"name": {"a": 1}}}, r"^front_end\.name: "),
        ({"device": 3}, r"^device: .*3"),
        ({"device": ["cpu"]}, r"^device: "),
        ({"seed": -1}, r"^seed: must be a whole number from 0, not -1"),
        ({"seed": 1.0}, r"^seed: must be a whole number from 0, not 1\.0"),
        ({"seed": "1"}, r"^seed: must be a whole number from 0, not '1'"),
        ({"seed": True}, r"^seed: must be a whole number from 0, not True"),
        ({"seed": None}, r"^seed: must be a whole number from 0, not None"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_whole_path(tables, match):
    refused(tables, match)


@pytest.mark.parametrize("key", ["data", "split", "segments", "front_end", "network", "train"])
@pytest.mark.parametrize("value", ["text", 3, ["a"], None])
def test_what_must_be_a_table_and_is_none_is_refused_by_name(key, value):
    refused({key: value}, rf"^{key}: must be a table, not ")


@pytest.mark.parametrize(
    "segments",
    [{"count": 10, "segment_s": 3.0}, {"count": 10, "hop_s": 1.0}, {"hop_s": 1.0}],
)
def test_segments_that_contradict_each_other_are_refused(segments):
    refused({"segments": segments}, r"^segments\W")
    with pytest.raises(SettingError):
        SegmentConfig(**segments)


def test_a_configuration_cannot_be_changed():
    config = make_config({"data": {"path": "a"}})

    with pytest.raises(AttributeError):
        config.seed = 3
    assert replace(config, data=DataConfig(path="b")) != config


# ---------------------------------------------------------------- files that cannot be


@pytest.mark.parametrize("content", [b"seed = ", b"[data\npath", b"seed = 1\nseed = 2", b'path = "\xff"', b"\x00"])
def test_a_file_that_is_not_toml_is_one_line_that_names_it(tmp_path, content):
    path = tmp_path / "config.toml"
    path.write_bytes(content)

    with pytest.raises(StorageError, match=r"config\.toml cannot be read: ") as caught:
        load_config(path)

    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_and_a_folder_are_one_line(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(StorageError, match="cannot be read"):
            load_config(path)


def test_an_empty_file_lacks_the_path_of_the_data(tmp_path):
    (tmp_path / "config.toml").write_text("")

    with pytest.raises(SettingError, match=r"data\.path: is missing"):
        make_config(load_config(tmp_path / "config.toml"))


def test_what_is_off_and_the_network_likes_is_saved_as_off(tmp_path):
    config = make_config({"data": {"path": "x"}, "train": {"segments_per_clip": "off"}, "split": {"test_fold": None}})
    config.save(tmp_path / "config.toml")
    again = make_config(load_config(tmp_path / "config.toml"))
    assert config.train.segments_per_clip is None
    assert again == config
    assert "test_fold" not in again.to_dict()["split"]


def test_it_cannot_be_saved_where_a_file_is_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="cannot write"):
        make_config({"data": {"path": "a"}}).save(tmp_path / "file" / "config.toml")


def test_nothing_is_kept_where_a_default_is_something(tmp_path):
    config = make_config({"data": {"path": "x"}, "front_end": {"name": "log-mel", "top_db": "off"}})

    config.save(tmp_path / "config.toml")

    assert config.front_end.settings.top_db is None
    assert make_config(load_config(tmp_path / "config.toml")) == config


def test_a_blueprint_tells_how_to_fit_another_of_its_kind():
    blueprint = Blueprint(
        labels=("dog", "rain"),
        recipe=Recipe(
            front_end="mfcc",
            settings=MfccSettings(n_mfcc=20),
            segments=Segments(length_samples=44100, hop_samples=11025),
        ),
        network="cnn",
        network_settings=CnnSettings(dropout=0.5),
        n_bins=20,
        n_frames=87,
    )

    config = config_of(blueprint)

    assert config.segments == SegmentConfig(segment_s=2.0, hop_s=0.5)
    assert config.front_end.settings == MfccSettings(n_mfcc=20)
    assert config.network.settings == CnnSettings(dropout=0.5)


# ---------------------------------------------------------------- what a network likes


def test_a_network_gets_the_settings_that_it_likes_where_nothing_else_is_said():
    config = make_config({"data": {"path": "a"}, "network": {"name": "resnet-mel"}})
    likes = NETWORKS["resnet-mel"].defaults

    assert {name: getattr(config.train, name) for name in likes["train"]} == dict(likes["train"])
    assert {name: getattr(config.front_end.settings, name) for name in likes["front_end"]} == dict(likes["front_end"])
    assert config.front_end == own_front_end("resnet-mel")


def test_what_is_said_goes_before_what_a_network_likes():
    said = {"train": {"learning_rate": 0.5}, "front_end": {"name": "mfcc"}}
    config = make_config({"data": {"path": "a"}, "network": {"name": "resnet-mel"}, **said})

    assert config.train.learning_rate == 0.5
    assert config.train.schedule == "cosine"
    assert config.front_end.settings == FRONT_ENDS["mfcc"].settings()


def test_differences_are_named_by_their_keys_and_values():
    begun = make({"train": {"patience": 3}})
    assert describe_differences(begun, begun) == ""
    said = describe_differences(begun, make({"train": {"patience": 4, "clip_norm": 1.0}, "seed": 2}))
    assert said.split("; ") == [
        "seed is 0 there and 2 here",
        "train.clip_norm is not given there and 1.0 here",
        "train.patience is 3 there and 4 here",
    ]


def test_what_is_said_of_no_network_is_the_strong_one_with_all_that_it_likes():
    config = make({})
    assert config.network.name == DEFAULT_NETWORK
    assert config.train.keep == "last"
    assert config.split.validation_fraction == 0.1


@pytest.mark.parametrize(("n_epochs", "n_warmup"), [(1, 0), (2, 1), (5, 2), (6, 3), (150, 3)])
def test_a_short_training_has_a_short_warm_up(n_epochs, n_warmup):
    assert make({"train": {"max_epochs": n_epochs}}).train.warmup_epochs == n_warmup


def test_a_warm_up_that_was_asked_for_is_kept_or_refused():
    assert make({"train": {"max_epochs": 4, "warmup_epochs": 4}}).train.warmup_epochs == 4
    refused({"train": {"max_epochs": 2, "warmup_epochs": 3}}, r"train\.warmup_epochs must be from 0 to max_epochs")


def test_another_network_is_one_difference_and_not_one_for_each_of_its_settings():
    said = describe_differences(make({"network": {"name": "cnn"}}), make({"network": {"name": "lstm"}}))
    assert said == "network.name is cnn there and lstm here"


def test_many_differences_are_counted():
    many = {"patience": 1, "batch_size": 2, "l1": 1.0, "l2": 1.0, "max_epochs": 200, "weight_decay": 1.0}
    assert describe_differences(make({}), make({"train": many})).endswith("; and 2 more")


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"max_epoch": 1}, "max_epoch: there is no such setting: did you mean 'train.max_epochs'"),
        ({"train": {"dropout": 0.1}}, "train.dropout: there is no such setting: did you mean 'network.dropout'"),
        ({"train": {"max_epoch": 1}}, "did you mean 'max_epochs'"),
        ({"tran": {}}, "did you mean 'train'"),
        ({"zzz": 1}, "known: augment"),
    ],
)
def test_an_unknown_key_offers_the_nearest_wherever_it_belongs(tables, told):
    with pytest.raises(SettingError) as caught:
        make(tables)
    assert told in str(caught.value)


@pytest.mark.parametrize("network", ["cnn", "svm", "resnet-mel", "mlp-regularised"])
def test_what_is_shown_is_toml_that_gives_the_same_again(network):
    config = make({"network": {"name": network}, "train": {"clip_norm": "off"}})
    shown = show_as_toml(config)
    assert make_config(tomllib.loads(shown)) == config
    assert "train.clip_norm" in shown.splitlines()[-1]


def test_a_path_that_is_not_known_is_not_shown():
    assert "[data]" not in show_as_toml(make_config({"data": {"path": ""}}))


def make(tables):
    return make_config({"data": {"path": "sounds"}, **tables})
