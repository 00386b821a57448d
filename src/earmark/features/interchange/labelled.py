"""What one record of a TFRecord file says: a label, a picture or a segment of features, and whose they are."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.errors import DataError
from earmark.features.interchange.example import (
    Bytes,
    Feature,
    bytes_list,
    decode,
    encode,
    float_list,
    int64_list,
)
from earmark.features.interchange.records import Place, RecordFile
from earmark.features.interchange.table import Array
from earmark.features.interchange.writing import shown

# A file may have a name that is not UTF-8, and the name comes back as it was.
ENCODING, ENCODING_ERRORS = "utf-8", "surrogateescape"

N_CHANNELS = 4  # red, green, blue, opacity
_NOTEBOOKS_SHAPE = (300, 600)  # rows and columns of a picture that does not say them


@dataclass(frozen=True)
class Labelled:
    """What a record says beside its numbers, and where it lies.

    Attributes:
        file: The file that it is part of.
        place: Where in the file.
        label: The class, as a number.
        is_picture: Whether it holds a picture, and not a segment.
        shape: Rows and columns of the picture, or bins and frames of the segment.
        name: The clip that it is of; None where the record does not say it, as with the others.
        group: The clip's group.
        class_name: What the class is called.
        segment: Its place among the segments of the clip, from 0.
    """

    file: Path
    place: Place
    label: int
    is_picture: bool
    shape: tuple[int, int]
    name: str | None
    group: str | None
    class_name: str | None
    segment: int | None

    def fault(self, reason: str) -> DataError:
        """Return the error that says what is wrong with this record."""
        return DataError(f"{self.file}: record {self.place.number}: {reason}")


def encode_picture(picture: Array, label: int, texts: dict[str, str]) -> bytes:
    """Return the record of a picture: the schema of the notebooks on ESC-10, and what their parser passes over.

    Args:
        picture: The picture (n_rows, n_columns, 4) uint8.
        label: Its class, as a number.
        texts: What else is said of it, by the names of the features.
    """
    height, width = picture.shape[:2]
    image = {"image": bytes_list(picture.tobytes()), "height": int64_list(height), "width": int64_list(width)}
    return encode({"label": int64_list(label)} | image | _texts(texts))


def encode_segment(segment: Array, label: int, place: int, texts: dict[str, str]) -> bytes:
    """Return the record of a segment.

    Args:
        segment: Its features (n_bins, n_frames).
        label: Its class, as a number.
        place: Its place among the segments of the clip, from 0.
        texts: What else is said of it, by the names of the features.
    """
    numbers = {"features": float_list(segment), "shape": int64_list(*segment.shape), "segment": int64_list(place)}
    return encode({"label": int64_list(label)} | numbers | _texts(texts))


def _texts(texts: dict[str, str]) -> dict[str, bytes]:
    return {name: bytes_list(text.encode(ENCODING, ENCODING_ERRORS)) for name, text in texts.items()}


def look_at(file: RecordFile, place: Place) -> Labelled:
    """Return what a record says. The numbers of a long one are not read, and its checksum is not looked at.

    Raises:
        DataError: It is damaged, or no picture or segment with a label.
    """
    data = file.look_at(place)
    try:
        return _parse(file, place, data)[0]
    except DataError:
        file.read(place)  # a wrong checksum says more than what follows from it
        raise


def read_item(file: RecordFile, record: Labelled) -> Array:
    """Return the picture (n_rows, n_columns, 4) uint8, or the segment (n_bins, n_frames) float32, of a record.

    Raises:
        DataError: It is damaged, or no longer what it was when it was looked at.
    """
    data = file.read(record.place)
    found, features = _parse(file, record.place, data)
    if found != record:
        raise record.fault("the file was changed while it was read: open it again")
    if not record.is_picture:
        return features["features"].floats().reshape(record.shape)
    (image,) = features["image"].byte_strings()
    return np.frombuffer(image, dtype=np.uint8).reshape(*record.shape, N_CHANNELS)


def _parse(file: RecordFile, place: Place, data: Bytes) -> tuple[Labelled, dict[str, Feature]]:
    try:
        features = decode(data)
        is_picture = "image" in features
        record = Labelled(
            file=file.path,
            place=place,
            label=_numbers(features, "label", 1)[0],
            is_picture=is_picture,
            shape=_picture_shape(features) if is_picture else _segment_shape(features),
            name=_text(features, "name"),
            group=_text(features, "group"),
            class_name=_text(features, "class"),
            segment=_numbers(features, "segment", 1)[0] if "segment" in features else None,
        )
    except DataError as error:
        raise file.fault(place.number, str(error)) from error
    return record, features


def _picture_shape(features: dict[str, Feature]) -> tuple[int, int]:
    sizes = features["image"].sizes()
    if len(sizes) != 1:
        raise DataError(f"'image' must hold one picture, not {len(sizes)}")
    says_shape = "height" in features and "width" in features
    shape = (_numbers(features, "height", 1)[0], _numbers(features, "width", 1)[0]) if says_shape else _NOTEBOOKS_SHAPE
    if min(shape) < 1 or shape[0] * shape[1] * N_CHANNELS != sizes[0]:
        why = "its 'height' and 'width' say" if says_shape else "without 'height' and 'width' it must be"
        raise DataError(
            f"'image' has {sizes[0]} bytes, and {why} {shown((*shape, N_CHANNELS))}: write the pixels themselves "
            "(height x width x 4, uint8), not a PNG or JPEG"
        )
    return shape


def _segment_shape(features: dict[str, Feature]) -> tuple[int, int]:
    if "features" not in features:
        known = ", ".join(map(repr, sorted(features)[:5]))
        raise DataError(f"it has neither 'image' nor 'features' (it has {known}): write one of them")
    n_bins, n_frames = _numbers(features, "shape", 2)
    n_floats = features["features"].n_floats()
    if min(n_bins, n_frames) < 1 or n_bins * n_frames != n_floats:
        raise DataError(f"'features' has {n_floats} numbers, and 'shape' says {shown((n_bins, n_frames))}")
    return n_bins, n_frames


def _numbers(features: dict[str, Feature], name: str, n_wanted: int) -> list[int]:
    if name not in features:
        raise DataError(f"it has no {name!r}: write {n_wanted} int64 with this name")
    numbers = features[name].int64s()
    if len(numbers) != n_wanted:
        raise DataError(f"{name!r} must hold {n_wanted} int64, not {len(numbers)}")
    return numbers


def _text(features: dict[str, Feature], name: str) -> str | None:
    """Return a text; None where there is none, or an empty one."""
    texts = features[name].byte_strings() if name in features else []
    if len(texts) > 1:
        raise DataError(f"{name!r} must hold one text, not {len(texts)}")
    return texts[0].decode(ENCODING, ENCODING_ERRORS) or None if texts else None
