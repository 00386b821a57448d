"""Catalogues: a fixed mapping that answers an unknown name with the nearest ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark._util.catalogue import Catalogue, nearest
from earmark.errors import EarmarkError, SettingError

FRUIT = Catalogue("fruit", {"apple": 1, "pear": 2})


def test_what_ships_is_found_under_its_name():
    assert (FRUIT["apple"], FRUIT["pear"]) == (1, 2)


def test_the_order_of_the_names_is_the_order_they_were_given_in():
    assert list(Catalogue("letter", {"b": 1, "a": 2, "c": 3})) == ["b", "a", "c"]


@pytest.mark.parametrize("typed", ["aple", "appel", "apples"])
def test_a_misspelt_name_is_answered_with_the_nearest_and_with_all(typed):
    with pytest.raises(SettingError) as caught:
        FRUIT[typed]
    assert str(caught.value) == f"there is no fruit called {typed!r}: did you mean 'apple'? (known: apple, pear)"


def test_a_name_like_none_is_answered_with_all_of_them():
    with pytest.raises(SettingError, match=r"there is no fruit called 'zzz': known: apple, pear$"):
        FRUIT["zzz"]


def test_an_empty_catalogue_says_that_it_knows_none():
    with pytest.raises(SettingError, match="none is known"):
        Catalogue("fruit", {})["apple"]


@pytest.mark.slow
@given(st.text(max_size=20))
def test_any_text_is_either_known_or_refused_as_the_users_mistake(name):
    if name in FRUIT:
        assert FRUIT[name]
    else:
        with pytest.raises(EarmarkError):
            FRUIT[name]


@pytest.mark.parametrize("name", ["aple", None, 3, ("apple",)])
def test_asking_whether_a_name_is_there_answers_no_and_raises_nothing(name):
    assert name not in FRUIT


def test_it_does_not_change_when_what_it_was_made_from_does():
    items = {"apple": 1}
    catalogue = Catalogue("fruit", items)
    items["pear"] = 2
    assert list(catalogue) == ["apple"]


def test_nothing_can_be_put_into_it():
    with pytest.raises(TypeError):
        FRUIT["plum"] = 3


def test_the_hint_lists_the_names_sorted_however_they_come():
    assert nearest("?", iter(["pear", "apple"])) == "known: apple, pear"
