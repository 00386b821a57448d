"""What a run says of its test part, segment by segment, in a file: folds are scored together from it.

A bundle cannot do that for every network: one of the user's own does not lie in it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from earmark._util.files import write_whole
from earmark.errors import StorageError

FloatArray = npt.NDArray[np.float64]
_LABELS = "labels"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The probabilities of segments, clip after clip in the order of the test part.

    Attributes:
        labels: The name of each class.
        probabilities: Of each segment (n_segments, n_classes).
        n_segments: How many segments each clip has (n_clips,).
    """

    labels: tuple[str, ...]
    probabilities: FloatArray
    n_segments: npt.NDArray[np.int64]

    def for_labels(self, labels: Sequence[str]) -> FloatArray:
        """Return the probabilities (n_segments, n_labels) of other labels; a class that was not learnt gets nothing.

        >>> one = Answers(labels=("b", "a"), probabilities=np.array([[0.9, 0.1]]), n_segments=np.array([1]))
        >>> one.for_labels(("a", "b", "c")).tolist()
        [[0.1, 0.9, 0.0]]
        """
        padded = np.pad(self.probabilities, ((0, 0), (0, 1)))
        return padded[:, [self.labels.index(label) if label in self.labels else -1 for label in labels]]

    def save(self, path: Path) -> None:
        """Write them as safetensors.

        Raises:
            StorageError: The file cannot be written.
        """
        # Saved as they lie in memory: a view in another order would be another array.
        arrays = {
            "probabilities": np.ascontiguousarray(self.probabilities, dtype=np.float64),
            "n_segments": np.ascontiguousarray(self.n_segments, dtype=np.int64),
        }
        with write_whole(path) as part:
            part.write_bytes(save(arrays, metadata={_LABELS: json.dumps(self.labels)}))

    @classmethod
    def load(cls, path: Path) -> "Answers":
        """Read what `save` wrote.

        Raises:
            StorageError: There is none, or it is damaged.
        """
        try:
            with safe_open(path, framework="numpy") as file:
                labels = tuple(json.loads(file.metadata()[_LABELS]))
                read = cls(
                    labels=labels,
                    probabilities=file.get_tensor("probabilities"),
                    n_segments=file.get_tensor("n_segments"),
                )
        except FileNotFoundError as error:
            raise StorageError(
                f"{path.parent} holds no {path.name}: the run is not finished, or of an older version "
                "of earmark; start again with --overwrite"
            ) from error
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise StorageError(f"{path} is damaged: {error}") from error
        if read.probabilities.shape != (read.n_segments.sum(), len(read.labels)):
            raise StorageError(f"{path} is damaged: its parts do not belong together")
        return read
