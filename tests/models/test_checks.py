from dataclasses import dataclass

import pytest

from earmark.errors import SettingError
from earmark.models.checks import check_counts, check_dropout


@dataclass
class Counted:
    n_a: int = 1
    n_b: int = 1


def test_counts_from_one_on_are_let_through():
    check_counts(Counted(), "n_a", "n_b")


@pytest.mark.parametrize("value", [0, -3])
def test_a_count_below_one_is_named(value):
    with pytest.raises(SettingError, match=rf"^n_b must be at least 1, not {value}$"):
        check_counts(Counted(n_b=value), "n_a", "n_b")


def test_only_the_named_are_looked_at():
    check_counts(Counted(n_b=0), "n_a")


@pytest.mark.parametrize("dropout", [0, 0.0, 0.3, 0.999])
def test_a_share_from_nothing_to_below_everything_is_let_through(dropout):
    check_dropout(dropout)


@pytest.mark.parametrize("dropout", [1, 1.0, -0.1, float("nan"), float("inf")])
def test_any_other_share_is_refused(dropout):
    with pytest.raises(SettingError, match=rf"^dropout must be at least 0 and below 1, not {dropout}$"):
        check_dropout(dropout)
