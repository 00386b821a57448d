"""What a classifier is made of, written down so that it can be built again."""

from dataclasses import asdict, dataclass
from typing import Any

from earmark._util.catalogue import nearest
from earmark.data.background import background_labels
from earmark.errors import SettingError
from earmark.features.extract import Recipe
from earmark.features.recipe import make_settings, recipe_from_json, recipe_to_json
from earmark.models.catalogue import NETWORKS, NetworkKind
from earmark.models.own import OWN, OwnNetwork, network_kind

_BY_NAME = ("by name",)


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """All that is needed to build a classifier's graph before its weights are there.

    Attributes:
        labels: The name of each class, in the order of the probabilities.
        recipe: The front end, its settings, and how a clip is cut into segments.
        network: The name of the network in the catalogue, or ``"own"`` for one of the user's.
        network_settings: Its settings, or what stands for the user's network.
        n_bins: Bins of the features that the network takes.
        n_frames: Frames of the features that the network takes.
        n_channels: Channels of the features, where they have them: those of pictures.
        background: The labels that mean "none of these"; where nothing is said, those that are called so.

    Raises:
        SettingError: A label of the background is none of the labels.
    """

    labels: tuple[str, ...]
    recipe: Recipe
    network: str
    network_settings: Any
    n_bins: int
    n_frames: int
    n_channels: int = 1
    background: tuple[str, ...] = _BY_NAME

    def __post_init__(self) -> None:
        if self.background is _BY_NAME:
            object.__setattr__(self, "background", background_labels(self.labels))
        unknown = [label for label in self.background if label not in self.labels]
        if unknown:
            raise SettingError(f"the background {unknown[0]!r} is no label: {nearest(unknown[0], self.labels)}")

    @property
    def kind(self) -> NetworkKind:
        """What the house knows of the network."""
        return network_kind(self.network, self.network_settings)

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "labels": list(self.labels),
            **recipe_to_json(self.recipe),
            "network": {"name": self.network, **asdict(self.network_settings)},
            "background": list(self.background),
            "features": {"n_bins": self.n_bins, "n_frames": self.n_frames, "n_channels": self.n_channels},
        }

    @classmethod
    def from_json(cls, value: dict[str, Any], *, own: OwnNetwork | None = None) -> "Blueprint":
        """Return what `to_json` wrote down.

        Args:
            value: What was written.
            own: What stands for the user's network, where it is of one.

        Raises:
            SettingError: A name or a setting is unknown to this version, or a user's network is wanted and not given.
            KeyError: A part is missing.
        """
        network = dict(value["network"])
        name = network.pop("name")
        if name == OWN and own is None:
            raise SettingError(f"its network is not one that ships but {network['path']}")
        settings = own if name == OWN else make_settings(NETWORKS[name].settings, network)
        return cls(
            labels=tuple(value["labels"]),
            recipe=recipe_from_json(value),
            network=name,
            network_settings=settings,
            background=tuple(value["background"]) if "background" in value else _BY_NAME,
            **value["features"],
        )
