"""What a classifier is made of, written down so that it can be built again."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from earmark._util.catalogue import nearest
from earmark.audio.segments import Segments
from earmark.errors import SettingError
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe
from earmark.models.catalogue import NETWORKS


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """All that is needed to build a classifier's graph before its weights are there.

    Attributes:
        labels: The name of each class, in the order of the probabilities.
        recipe: The front end, its settings, and how a clip is cut into segments.
        network: The name of the network in the catalogue.
        network_settings: Its settings.
        n_bins: Bins of the features that the network takes.
        n_frames: Frames of the features that the network takes.
    """

    labels: tuple[str, ...]
    recipe: Recipe
    network: str
    network_settings: Any
    n_bins: int
    n_frames: int

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        segments = self.recipe.segments
        return {
            "labels": list(self.labels),
            "front_end": {"name": self.recipe.front_end, **asdict(self.recipe.settings)},
            "segments": asdict(segments) if segments else None,
            "network": {"name": self.network, **asdict(self.network_settings)},
            "features": {"n_bins": self.n_bins, "n_frames": self.n_frames},
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Blueprint":
        """Return what `to_json` wrote down.

        Raises:
            SettingError: A name or a setting is unknown to this version.
            KeyError: A part is missing.
        """
        front_end, network = dict(value["front_end"]), dict(value["network"])
        front_end_name, network_name = front_end.pop("name"), network.pop("name")
        segments = value["segments"]
        return cls(
            labels=tuple(value["labels"]),
            recipe=Recipe(
                front_end=front_end_name,
                settings=make_settings(FRONT_ENDS[front_end_name].settings, front_end),
                segments=Segments(**segments) if segments else None,
            ),
            network=network_name,
            network_settings=make_settings(NETWORKS[network_name].settings, network),
            **value["features"],
        )


def make_settings(kind: type[Any], values: dict[str, Any]) -> Any:  # noqa: ANN401 - one of many dataclasses
    """Make settings from a mapping as JSON holds it: lists become tuples, unknown names are refused.

    Raises:
        SettingError: A name is unknown, or a value cannot be.
    """
    known = [field.name for field in fields(kind)]
    for name in values:
        if name not in known:
            raise SettingError(f"there is no setting called {name!r}: {nearest(name, known)}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
