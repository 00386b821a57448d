"""What speaks for a class in one clip: relevance over times and frequencies, and how far to trust it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earmark._util.catalogue import nearest
from earmark._util.seeds import spawn_generator
from earmark.audio.segments import cut_segments, segment_starts
from earmark.errors import SettingError
from earmark.explain import FloatArray
from earmark.explain.attribution import METHODS, Asked, check_method, default_method, layer_for
from earmark.explain.axes import FeatureAxes, axes_of
from earmark.explain.faithfulness import Faithfulness, measure_faithfulness
from earmark.explain.replacements import default_replacement, replacement_for
from earmark.models.blueprint import Blueprint
from earmark.models.graph import ClassifierGraph
from earmark.models.windows import with_channels

N_ORDERS = 8
_TOLD = (0.1, 0.5, 0.9)  # shares of the relevance
_N_TOLD = 8  # bins or groups that JSON names
_MUCH = 0.1  # of the relevance


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The segments of a clip on one time axis; where they overlap, their mean.

    Attributes:
        relevance: Shape (n_bins, n_columns).
        features: Shape (n_bins, n_columns).
        times_s: The middle of each column from the beginning of the clip, (n_columns,), in seconds; None where columns
            are no times.
    """

    relevance: FloatArray
    features: FloatArray
    times_s: FloatArray | None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What speaks for a class in one clip.

    Attributes:
        label: The class that is explained.
        decided: The class that the classifier decides for.
        probability: That of `label`, over the whole clip.
        probabilities: The probability of each class, over the whole clip.
        method: The name of the method.
        layer: The layer that Grad-CAM looked at; None for other methods.
        relevance: How much each value of the features speaks for `label`, (n_segments, n_bins, n_frames), at least 0:
            what speaks against it is not shown. Segments have one scale, so one that decides weighs more.
        features: The features (n_segments, n_bins, n_frames), of pictures the mean over the colours.
        network_features: The features as the network takes them: of pictures with their channels.
        segment_probabilities: The probability of `label` in each segment, (n_segments,).
        starts_s: Where each segment begins, (n_segments,), in seconds from the beginning of the clip.
        axes: What bins and frames stand for.
        faithfulness: Whether the relevance is true to the classifier; None where it was not measured.
        notes: What a person should know.
    """

    label: str
    decided: str
    probability: float
    probabilities: dict[str, float]
    method: str
    layer: str | None
    relevance: FloatArray
    features: FloatArray
    network_features: FloatArray
    segment_probabilities: FloatArray
    starts_s: FloatArray
    axes: FeatureAxes
    faithfulness: Faithfulness | None
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing in the clip speaks for the class."""
        return not self.relevance.any()

    def joined(self) -> Joined:
        """Return the segments on one time axis: that of the clip, in steps of a frame."""
        if self.axes.times_s is None:
            mean = self.relevance.mean(axis=0), self.features.mean(axis=0)
            return Joined(relevance=mean[0], features=mean[1], times_s=None)
        n_bins, n_frames = self.relevance.shape[1:]
        first = np.round(self.starts_s / self.axes.hop_s).astype(int)
        n_columns = int(first[-1]) + n_frames
        relevance, features, weight = np.zeros((n_bins, n_columns)), np.zeros((n_bins, n_columns)), np.zeros(n_columns)
        for start, some, seen in zip(first.tolist(), self.relevance, self.features, strict=True):
            relevance[:, start : start + n_frames] += some
            features[:, start : start + n_frames] += seen
            weight[start : start + n_frames] += 1
        weight = np.maximum(weight, 1)
        times_s = float(self.axes.times_s[0]) + self.axes.hop_s * np.arange(n_columns)
        return Joined(
            relevance=(relevance / weight).astype(np.float32),
            features=(features / weight).astype(np.float32),
            times_s=times_s.astype(np.float32),
        )

    def spread_hz(self) -> tuple[float, float, float] | None:
        """Return the frequencies below which 10, 50 and 90 % of the relevance lie, in Hz; None where there are none."""
        known = self.axes.frequencies_hz
        if known is None or self.is_empty:
            return None
        has_one = ~np.isnan(known)
        order = np.argsort(known[has_one], kind="stable")
        per_bin = self.relevance.sum(axis=(0, 2), dtype=np.float64)[has_one][order]
        return _quantiles(known[has_one][order], per_bin)

    def spread_s(self) -> tuple[float, float, float] | None:
        """Return the times before which 10, 50 and 90 % of the relevance lie, in seconds; None where there are none."""
        joined = self.joined()
        if joined.times_s is None or self.is_empty:
            return None
        return _quantiles(joined.times_s, joined.relevance.sum(axis=0, dtype=np.float64))

    def by_group(self) -> dict[str, float]:
        """Return the share of the relevance that each bin has, or each group of statistics, the greatest first.

        Shares add up to one; there are none where nothing speaks for the class.
        """
        total = float(self.relevance.sum(dtype=np.float64))
        shares = dict.fromkeys(self.axes.groups, 0.0)
        if total:
            per_bin = self.relevance.sum(axis=(0, 2), dtype=np.float64) / total
            for group, share in zip(self.axes.groups, per_bin.tolist(), strict=True):
                shares[group] += share
        return dict(sorted(shares.items(), key=lambda item: -item[1]))

    def to_json(self) -> dict[str, Any]:
        """Return it as values that JSON knows: all but the maps, and of these what matters most."""
        return {
            "label": self.label,
            "decided": self.decided,
            "probability": self.probability,
            "probabilities": self.probabilities,
            "method": self.method,
            "layer": self.layer,
            "segments": [
                {"start_s": round(start_s, 4), "probability": round(probability, 6), "share": round(share, 6)}
                for start_s, probability, share in zip(
                    self.starts_s.tolist(), self.segment_probabilities.tolist(), self._segment_shares(), strict=True
                )
            ],
            "frequency_hz": self.spread_hz(),
            "time_s": self.spread_s(),
            "most_relevant": {name: round(share, 6) for name, share in list(self.by_group().items())[:_N_TOLD]},
            "faithfulness": self.faithfulness.to_json() if self.faithfulness else None,
            "notes": list(self.notes),
        }

    def _segment_shares(self) -> list[float]:
        sums = self.relevance.sum(axis=(1, 2), dtype=np.float64)
        shares: list[float] = (sums / max(float(sums.sum()), np.finfo(np.float64).tiny)).tolist()
        return shares


def explain_waveform(
    graph: ClassifierGraph,
    blueprint: Blueprint,
    waveform: FloatArray,
    *,
    method: str | None = None,
    label: str | None = None,
    layer: str | None = None,
    n_orders: int = N_ORDERS,
    seed: int = 0,
) -> Explanation:
    """Explain what a classifier says of a waveform: each of its segments, in one scale.

    Args:
        graph: The fitted graph.
        blueprint: What it was built from.
        waveform: Sound (n_samples,) at the rate of the front end, in [-1, 1].
        method: A name of `METHODS`; None for the one that suits the network.
        label: The class to explain; None for the one that the classifier decides for.
        layer: The layer that Grad-CAM looks at; None for the deepest that still says where.
        n_orders: Random orders of the faithfulness figure; 0 to leave it out, which is many times quicker.
        seed: The root seed of these orders.

    Raises:
        SettingError: A name is unknown, the method does not suit the network, the waveform has no samples, or its
            samples are not finite.
        MissingExtraError: captum is not installed.
    """
    if not np.isfinite(waveform).all():
        raise SettingError(
            "the waveform has samples that are not finite (NaN or infinite): there is nothing to explain"
        )
    segments, recipe = blueprint.recipe.segments, blueprint.recipe
    cut = cut_segments(waveform, segments) if segments else waveform[np.newaxis]  # (n_segments, n_samples)
    starts = segment_starts(len(waveform), segments) if segments else [0]
    device = graph.temperature.device
    with torch.inference_mode():
        features = torch.cat([graph.front_end(torch.tensor(one).to(device)) for one in np.split(cut, len(cut))])
    explanation = explain_features(
        graph,
        blueprint,
        features.cpu().numpy(),
        starts_s=np.array(starts, dtype=np.float32) / recipe.settings.sample_rate,
        method=method,
        label=label,
        layer=layer,
        n_orders=n_orders,
        seed=seed,
    )
    notes = list(explanation.notes)
    if not waveform.any():
        notes.append("every sample is zero: silence has nothing to explain")
    behind = _share_behind(explanation, len(waveform) / recipe.settings.sample_rate)
    if behind > _MUCH:
        notes.append(
            f"the clip is shorter than a segment, and {behind:.0%} of what speaks for {explanation.label!r} lies in "
            "the silence behind its end"
        )
    return replace(explanation, notes=tuple(notes))


def explain_features(
    graph: ClassifierGraph,
    blueprint: Blueprint,
    features: FloatArray,
    *,
    starts_s: FloatArray | None = None,
    method: str | None = None,
    label: str | None = None,
    layer: str | None = None,
    n_orders: int = N_ORDERS,
    seed: int = 0,
) -> Explanation:
    """Explain what a classifier says of the features of a clip.

    Args:
        graph: The fitted graph.
        blueprint: What it was built from.
        features: Features (n_segments, [n_channels,] n_bins, n_frames), at least one segment.
        starts_s: Where each segment begins in the clip, in seconds; None for side by side.
        method: As in `explain_waveform`, and so are those below.
        label: The class to explain.
        layer: The layer that Grad-CAM looks at.
        n_orders: Random orders of the faithfulness figure.
        seed: The root seed of these orders.

    Raises:
        SettingError: A name is unknown, the method does not suit the network, `n_orders` is negative, or features are
            not finite.
        MissingExtraError: captum is not installed.
    """
    if not len(features) or not np.isfinite(features).all():
        raise SettingError("the features are none, or some are not finite (NaN or infinite): nothing can be explained")
    if n_orders < 0:
        raise SettingError(f"there are no {n_orders} random orders: write how many, or 0 to leave the figure out")
    graph.eval()
    method = method or default_method(blueprint)
    check_method(graph, blueprint, method)
    tensor = torch.tensor(features).to(graph.temperature.device)
    if layer is not None and method != "gradcam":
        raise SettingError(f"a layer belongs to the method gradcam, not to {method}")
    seen = layer_for(graph, tensor, layer) if method == "gradcam" else None
    with torch.inference_mode():
        per_segment = torch.cat([graph.probabilities(one) for one in torch.split(tensor, 1)]).double().cpu().numpy()
    probabilities = per_segment.mean(axis=0)
    target = _number(blueprint.labels, label) if label else int(probabilities.argmax())
    axes = axes_of(blueprint.recipe, tensor.shape[-2], tensor.shape[-1])
    relevance = _relevance(graph, tensor, target, axes, method=method, layer=seen)
    explanation = Explanation(
        label=blueprint.labels[target],
        decided=blueprint.labels[int(probabilities.argmax())],
        probability=float(probabilities[target]),
        probabilities=dict(zip(blueprint.labels, probabilities.tolist(), strict=True)),
        method=method,
        layer=seen,
        relevance=relevance,
        features=with_channels(tensor).mean(dim=1).cpu().numpy(),
        network_features=features,
        segment_probabilities=per_segment[:, target].astype(np.float32),
        starts_s=_side_by_side(axes, len(features), features.shape[-1]) if starts_s is None else starts_s,
        axes=axes,
        faithfulness=_faithfulness(graph, tensor, relevance, target, axes, n_orders=n_orders, seed=seed),
        notes=() if relevance.any() else (f"nothing in it speaks for {blueprint.labels[target]!r} by this method",),
    )
    found = explanation.faithfulness
    if found is None or found.beats_random:
        return explanation
    return replace(explanation, notes=(*explanation.notes, found.sentence()))


def _relevance(
    graph: ClassifierGraph, features: Tensor, target: int, axes: FeatureAxes, *, method: str, layer: str | None
) -> FloatArray:
    attribute = METHODS[method].attribute
    found = [
        attribute(Asked(graph=graph, features=one, target=target, axes=axes, layer=layer))
        for one in torch.split(features, 1)
    ]
    relevance: npt.NDArray[np.float32] = torch.stack(found).float().cpu().numpy()
    return np.nan_to_num(relevance, nan=0.0, posinf=0.0)


def _faithfulness(
    graph: ClassifierGraph,
    features: Tensor,
    relevance: FloatArray,
    target: int,
    axes: FeatureAxes,
    *,
    n_orders: int,
    seed: int,
) -> Faithfulness | None:
    if n_orders == 0 or not relevance.any():
        return None
    name = default_replacement(axes, features)
    return measure_faithfulness(
        lambda changed: graph.probabilities(changed)[:, target],
        features,
        replacement_for(graph, features, name),
        relevance,
        rng=spawn_generator(seed, "explain"),
        n_orders=n_orders,
        replaced_by=name,
    )


def _share_behind(explanation: Explanation, duration_s: float) -> float:
    """Return the share of the relevance that lies behind the end of a clip, where a segment is filled up."""
    joined = explanation.joined()
    if joined.times_s is None or explanation.is_empty:
        return 0.0
    per_column = joined.relevance.sum(axis=0, dtype=np.float64)
    return float(per_column[joined.times_s > duration_s].sum() / per_column.sum())


def _number(labels: tuple[str, ...], label: str) -> int:
    if label not in labels:
        raise SettingError(f"the classifier knows no class called {label!r}: {nearest(label, labels)}")
    return labels.index(label)


def _quantiles(places: FloatArray, weights: npt.NDArray[np.float64]) -> tuple[float, float, float] | None:
    if not weights.any():
        return None
    held = np.cumsum(weights) / weights.sum()
    at = np.minimum(np.searchsorted(held, _TOLD), len(places) - 1)
    low, middle, high = (round(place, 4) for place in places[at].tolist())
    return low, middle, high


def _side_by_side(axes: FeatureAxes, n_segments: int, n_frames: int) -> FloatArray:
    return (np.arange(n_segments) * (axes.hop_s * n_frames)).astype(np.float32)
