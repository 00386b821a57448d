"""How the sounds of the training part are changed: which steps there are, and versions of the sounds made by them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from earmark._util.progress import Progress
from earmark.augment.catalogue import AUGMENTATIONS
from earmark.augment.chain import Chain, Step, describe_steps, parse_steps
from earmark.augment.checks import Takes
from earmark.data.clip import Clip
from earmark.errors import SettingError
from earmark.experiment.config import AugmentConfig, RunConfig
from earmark.features.catalogue import FRONT_ENDS
from earmark.features.extract import Recipe, Version, extract_features
from earmark.features.store import FeatureStore
from earmark.models.own import network_kind, network_title
from earmark.train.drawing import Changes

FeatureArrays = Sequence[npt.NDArray[np.float32]]


def resolve_steps(config: RunConfig, *, front_end: str, hears_sound: bool) -> tuple[Step, ...]:
    """Return how the training part is changed: as a configuration says, or else as the network likes it.

    What the network likes is left out where it cannot be done, such as another speed where there are features alone.

    Args:
        config: See `RunConfig`.
        front_end: The front end that is used in the end.
        hears_sound: Whether there are sounds, and not only features or pictures of them.

    Raises:
        SettingError: A step that was asked for cannot be done here.
    """
    possible = _possible(front_end, hears_sound=hears_sound)
    kind = network_kind(config.network.name, config.network.settings)
    if config.augment.steps is None:
        steps = parse_steps(kind.defaults.get("augment", {}).get("steps", ()))
        return tuple(step for step in steps if AUGMENTATIONS[step[0]].takes in possible)
    steps = parse_steps(config.augment.steps)
    if steps and not kind.learns_in_batches:
        raise SettingError(
            f"augment.steps: {network_title(config.network.name, config.network.settings)!r} does not learn in batches "
            "and takes none: write changed copies with earmark augment"
        )
    for name, _ in steps:
        takes = AUGMENTATIONS[name].takes
        if takes not in possible:
            fitting = [other for other, one in AUGMENTATIONS.items() if one.takes in possible]
            raise SettingError(
                f"augment.steps: {name!r} changes {_NEEDS[takes]}, and there are {_given(front_end, hears_sound)}: "
                f"choose from {', '.join(fitting)}"
            )
    return tuple(steps)


def settle_steps(config: AugmentConfig, steps: Sequence[Step]) -> AugmentConfig:
    """Return the configuration with the steps written down that were resolved."""
    return AugmentConfig(steps=tuple(describe_steps([step]) for step in steps), n_copies=config.n_copies)


def make_versions(
    clips: Sequence[Clip],
    recipe: Recipe,
    steps: Sequence[Step],
    config: RunConfig,
    *,
    store: FeatureStore,
    progress: Progress | None = None,
) -> tuple[FeatureArrays, ...]:
    """Return the features of changed versions of some sounds, by the steps that take waveforms; none without such.

    Args:
        clips: The training part.
        recipe: How features are made.
        steps: All steps; others than those on waveforms are left for the batches.
        config: Says how many versions, and the seed.
        store: Where features are kept.
        progress: What is told while files are read.

    Returns:
        For each version the features of each clip (n_segments, n_bins, n_frames).

    Raises:
        DataError: A changed sound gives no features.
    """
    chain = Chain(steps).only("waveform")
    if not chain.steps:
        return ()
    versions = [
        Version(recipe=recipe, steps=tuple(chain.steps), seed=config.seed, number=number)
        for number in range(1, config.augment.n_copies + 1)
    ]
    sets = extract_features(clips, versions, store=store, strict=True, progress=progress)
    return tuple(features.arrays for features in sets)


def changes_in_batches(steps: Sequence[Step], recipe: Recipe) -> Changes | None:
    """Return what is done to each batch; None where nothing is."""
    rest = [step for step in steps if AUGMENTATIONS[step[0]].takes != "waveform"]
    is_power_db = FRONT_ENDS[recipe.front_end].is_power_db
    if not steps:
        return None
    return Changes(chain=Chain(rest), top_db=recipe.settings.top_db if is_power_db else None, is_power_db=is_power_db)


_NEEDS: dict[Takes, str] = {
    "waveform": "sounds",
    "power": "power in dB (of log-mel or log-spectrogram)",
    "features": "features",
    "picture": "pictures",
}


def _possible(front_end: str, *, hears_sound: bool) -> set[Takes]:
    kind = FRONT_ENDS[front_end]
    possible: set[Takes] = {"picture"} if kind.takes == "picture" else {"features"}
    if hears_sound:
        possible.add("waveform")
    if kind.is_power_db:
        possible.add("power")
    return possible


def _given(front_end: str, hears_sound: bool) -> str:  # noqa: FBT001 - the two that `resolve_steps` was asked with
    if FRONT_ENDS[front_end].takes == "picture":
        return "pictures"
    return f"features of the kind {front_end!r}" + ("" if hears_sound else " without their sounds")
