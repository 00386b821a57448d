"""Raw sound in, named probabilities out."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earmark._util.progress import NoProgress, Progress
from earmark.audio.read import read_sound
from earmark.audio.segments import cut_segments
from earmark.data.clip import Clip
from earmark.errors import AudioError, DataError, SettingError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.interchange.png_file import read_picture
from earmark.inference.bundle import load_bundle, save_bundle
from earmark.inference.prediction import Caution, Judge, Prediction
from earmark.models.blueprint import Blueprint
from earmark.models.device import resolve_device
from earmark.models.graph import ClassifierGraph

FloatArray = npt.NDArray[np.float32]
Sound = str | Path | Clip
_BATCH = 64


class Predictor:
    """A fitted classifier: raw sound in, named probabilities out.

    A sound is cut into segments as in training; its probabilities are the mean over its segments.

    Args:
        graph: The fitted graph.
        blueprint: What it was built from.
        device: Where to compute: ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
        caution: When it is not to answer; by default it always does.

    Raises:
        SettingError: The caution needs what the bundle does not have.
    """

    def __init__(
        self, graph: ClassifierGraph, blueprint: Blueprint, *, device: str = "cpu", caution: Caution | None = None
    ) -> None:
        self._device = resolve_device(device)
        self.graph = graph.to(self._device).eval()
        self.blueprint = blueprint
        self._judge = Judge(blueprint.labels, blueprint.background, graph.doubt, caution or Caution())

    @classmethod
    def load(cls, folder: str | Path, *, device: str = "cpu") -> "Predictor":
        """Read a predictor from a bundle or run folder.

        Raises:
            StorageError: There is no bundle, or it is damaged or of another version.
        """
        return cls(*load_bundle(Path(folder)), device=device)

    def cautious(
        self, *, min_confidence: float | Literal["per-class"] | None = None, coverage: float | None = None
    ) -> "Predictor":
        """Return the same classifier, which does not answer where it is not sure enough.

        Args:
            min_confidence: See `Caution`: a prediction that is not so likely has the label None.
            coverage: See `Caution`: predictions have `labels`, among which the truth is so often.

        Raises:
            SettingError: A number is out of range, or the bundle has no thresholds.
        """
        caution = Caution(min_confidence=min_confidence, coverage=coverage)
        return Predictor(self.graph, self.blueprint, device=self._device.type, caution=caution)

    @property
    def note(self) -> str:
        """Why every label is given where a coverage was asked for; nothing where it is not so."""
        return self._judge.cutoff.note if self._judge.cutoff else ""

    def save(self, folder: str | Path) -> None:
        """Write the classifier as a bundle.

        Raises:
            StorageError: The folder cannot be written.
        """
        save_bundle(Path(folder), self.graph, self.blueprint)

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each class, in the order of the probabilities."""
        return self.blueprint.labels

    @property
    def sample_rate(self) -> int:
        """The rate of the waveform that `segment_probabilities` takes, in Hz.

        Raises:
            SettingError: The classifier was trained on features or pictures, and hears no sound.
        """
        if self.takes != "waveform":
            raise SettingError(
                f"this classifier was trained on {self.takes_words}, and cannot hear sound: train one on the sounds"
            )
        return int(self.blueprint.recipe.settings.sample_rate)

    @property
    def takes(self) -> str:
        """What the classifier takes: ``"waveform"``, ``"features"`` or ``"picture"``."""
        return FRONT_ENDS[self.blueprint.recipe.front_end].takes

    @property
    def takes_words(self) -> str:
        """What the classifier takes, in words."""
        return {"features": "features", "picture": "pictures"}.get(self.takes, "sound")

    def segment_probabilities(self, waveform: FloatArray) -> FloatArray:
        """Return probabilities (n_segments, n_classes) for a mono waveform (n_samples,) at `sample_rate`."""
        return self._in_batches(self.graph, self._cut(waveform))

    def _cut(self, waveform: FloatArray) -> FloatArray:
        segments = self.blueprint.recipe.segments
        return cut_segments(waveform, segments) if segments else waveform[np.newaxis]  # (n_segments, n_samples)

    def feature_probabilities(self, features: FloatArray) -> FloatArray:
        """Return probabilities (n_segments, n_classes) for features (n_segments, n_bins, n_frames)."""
        return self._in_batches(self.graph.probabilities, features)

    @torch.inference_mode()
    def _in_batches(self, compute: Callable[[Tensor], Tensor], array: npt.NDArray[Any]) -> FloatArray:
        # torch warns of arrays that it could write to by mistake: a mapped array is copied, a writable one is shared.
        tensor = torch.tensor(array)
        return torch.cat([compute(batch.to(self._device)).cpu() for batch in torch.split(tensor, _BATCH)]).numpy()

    def predict_file(self, path: str | Path, *, start_s: float = 0.0, duration_s: float | None = None) -> Prediction:
        """Return what the classifier says of one sound file, or of a stretch of it, or of one picture.

        Args:
            path: The file.
            start_s: Where the stretch begins, in seconds.
            duration_s: How long it is, in seconds; None for up to the end.

        Raises:
            AudioError: The sound or picture cannot be used.
            SettingError: The classifier was trained on features, and takes no file.
        """
        if self.takes == "picture":
            segments: npt.NDArray[Any] = _read_picture(Path(path))[np.newaxis]
        else:
            waveform, _ = read_sound(Path(path), sample_rate=self.sample_rate, start_s=start_s, duration_s=duration_s)
            segments = self._cut(waveform)
        probabilities, distance = self._hear(segments)
        if not np.isfinite(probabilities).all():
            raise AudioError(path, "its samples are too large for features: scale them to [-1, 1]")
        return self._judge.judge(str(path), probabilities, distance)

    @torch.inference_mode()
    def _hear(self, segments: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], float | None]:
        """Return the mean over segments of the probabilities (n_classes,), and of the distance from what was learnt."""
        graph, probabilities, distances = self.graph, [], []
        for batch in torch.split(torch.tensor(segments), _BATCH):
            features = graph.front_end(batch.to(self._device))
            if not graph.doubt.knows_novelty:
                probabilities.append(graph.probabilities(features).cpu())
                continue
            logits, views = graph.embed(features)
            probabilities.append(torch.softmax(graph.calibrated(logits), dim=1).cpu())
            distances.append(graph.doubt.distances(views).cpu())
        mean = torch.cat(probabilities).numpy().mean(axis=0, dtype=np.float64)
        return mean, float(torch.cat(distances).double().mean()) if distances else None

    def predict_files(
        self, paths: Iterable[str | Path], *, strict: bool = False, progress: Progress | None = None
    ) -> tuple[list[Prediction], list[AudioError]]:
        """Return what the classifier says of each sound, in the order asked, and the files that could not be used.

        Args:
            paths: The files.
            strict: Whether to stop at the first file that cannot be used.
            progress: Is told of each file that is done.

        Raises:
            AudioError: `strict`, and a file cannot be used.
        """
        asked = list(paths)
        progress = progress or NoProgress()
        progress.start("predicting", len(asked))
        predictions, bad = [], []
        for path in asked:
            try:
                predictions.append(self.predict_file(path))
            except AudioError as error:
                if strict:
                    raise
                bad.append(error)
            progress.advance()
        return predictions, bad

    def predict_clip(self, clip: Clip) -> Prediction:
        """Return what the classifier says of a clip: of its stretch alone, where it is a part of a file.

        Raises:
            AudioError: The file cannot be used.
        """
        return self.predict_file(clip.path, start_s=clip.start_s, duration_s=clip.duration_s)

    def predict(self, sounds: Iterable[Sound]) -> list[str | None]:
        """Return the label of each sound; None where a cautious one is not sure enough.

        Args:
            sounds: Paths or clips, such as a data set.

        Raises:
            AudioError: A file cannot be used.
            SettingError: One path was given in place of a list.
        """
        return [prediction.label for prediction in self._predict_each(sounds)]

    def predict_proba(self, sounds: Iterable[Sound]) -> npt.NDArray[np.float64]:
        """Return the probabilities (n_sounds, n_classes) of each sound, in the order of `labels`.

        Args:
            sounds: Paths or clips, such as a data set.

        Raises:
            AudioError: A file cannot be used.
            SettingError: One path was given in place of a list.
        """
        rows = [list(prediction.probabilities.values()) for prediction in self._predict_each(sounds)]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.labels))

    def _predict_each(self, sounds: Iterable[Sound]) -> list[Prediction]:
        if isinstance(sounds, str | Path):
            raise SettingError(f"a list of sounds is wanted, not the one path {str(sounds)!r}: write [path]")
        return [self.predict_clip(sound) if isinstance(sound, Clip) else self.predict_file(sound) for sound in sounds]


def _read_picture(path: Path) -> npt.NDArray[np.uint8]:
    try:
        return read_picture(path)
    except DataError as error:
        raise AudioError(path, str(error)) from error
