import json

import pytest

from earmark.data.sources.catalogue import KNOWN


def test_all_are_listed_with_size_and_licence(earmark):
    answer = earmark("datasets")

    assert answer.status == 0
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted(KNOWN)
    assert all("MB" in line and KNOWN[line.split()[0]].ABOUT.licence.partition(";")[0] in line for line in lines[1:])
    assert max(map(len, lines)) < 150


def test_json_holds_all_that_is_known(earmark):
    listed = json.loads(earmark("datasets", "--json").out)

    assert [each["name"] for each in listed] == sorted(KNOWN)
    assert listed == [KNOWN[each["name"]].ABOUT.to_json(each["name"]) for each in listed]


@pytest.mark.parametrize("name", KNOWN)
def test_one_is_shown_with_everything_a_user_must_know(earmark, name):
    page = " ".join(earmark("datasets", name).out.split())
    about = KNOWN[name].ABOUT

    assert all(text in page for text in (about.title, about.licence, about.citation, about.group, about.split))
    assert (about.archive.address if about.archive else "address none") in page


def test_one_as_json_is_an_object(earmark):
    assert json.loads(earmark("datasets", "gtzan", "--json").out)["n_clips"] == 1000


def test_an_unknown_name_is_answered_with_the_nearest(earmark):
    answer = earmark("datasets", "esc51")

    assert answer.status == 2
    assert "did you mean 'esc50'" in answer.err
    assert answer.out == ""
