"""Two data sets out of one: to learn from, and to be scored on."""

from earmark.data.dataset import Dataset
from earmark.data.splits import split_dataset
from earmark.errors import SettingError


def train_test_split(
    dataset: Dataset, *, test_fold: int | None = None, test_fraction: float = 0.2, seed: int = 0
) -> tuple[Dataset, Dataset]:
    """Divide a data set into one to learn from and one to be scored on; no group is in both.

    Args:
        dataset: What to divide.
        test_fold: The published fold to test on; where the data set has folds and none is named, the last.
        test_fraction: The share of the clips to test on, where the data set has no folds.
        seed: The root seed, not negative.

    Raises:
        SettingError: It is no data set, the fraction or the seed is out of range, or there is no such fold.
        SplitError: A fold shares a group with another, or there are too few groups.

    Follows scikit-learn's function of this name; differs in that groups are never divided.
    """
    if not isinstance(dataset, Dataset):
        raise SettingError(
            f"a Dataset is wanted, not {type(dataset).__name__}: make one with earmark.open_dataset(path)"
        )
    split = split_dataset(dataset, seed=seed, test_fold=test_fold, test_fraction=test_fraction)
    return dataset.subset(sorted((*split.train, *split.validation))), dataset.subset(split.test)
