"""A network of the user's own: a module, what builds one, or a scikit-learn estimator, wherever a name does."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import InitVar, dataclass
from typing import Any

from torch import nn

from earmark.errors import SettingError
from earmark.models.catalogue import NETWORKS, NetworkKind
from earmark.models.foreign import Foreign

OWN = "own"  # in place of a name of the catalogue, which never has it
_SIZES = ("n_bins", "n_frames", "n_channels", "n_classes")
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_FAULTS = (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)  # what strangers raise


@dataclass(frozen=True, kw_only=True)
class OwnNetwork:
    """What stands for a user's network where a shipped one has its settings.

    Attributes:
        path: Where it is imported from, such as ``my_networks.Wide``: what a bundle can say of it.
        source: The module, estimator or callable itself; no field, as it is neither compared nor written down.

    >>> own_network(nn.Flatten()).path
    'torch.nn.modules.flatten.Flatten'
    """

    path: str
    source: InitVar[Any]

    def __post_init__(self, source: Any) -> None:  # noqa: ANN401 - see `own_network`
        object.__setattr__(self, "_kept", source)

    @property
    def _source(self) -> Any:  # noqa: ANN401 - as above
        return vars(self)["_kept"]

    @property
    def name(self) -> str:
        """Its short name, for messages."""
        return self.path.rsplit(".", 1)[-1]

    @property
    def is_estimator(self) -> bool:
        """Whether it is an estimator with scikit-learn's verbs, which no bundle can keep."""
        return _is_estimator(self._source)

    @property
    def stand_in(self) -> str:
        """The name of the shipped network that takes clips as this one does."""
        return "svm" if self.is_estimator else "cnn"

    def build(
        self, *, n_bins: int, n_frames: int, n_channels: int = 1, n_classes: int, settings: "OwnNetwork | None" = None
    ) -> nn.Module:
        """Return a network of these sizes that nobody else holds: a copy of a module, or what the callable makes.

        Raises:
            SettingError: It cannot be copied or built, or what is built is no module.
        """
        del settings  # itself
        if self.is_estimator:
            return Foreign(self._source, n_classes=n_classes)
        sizes = {"n_bins": n_bins, "n_frames": n_frames, "n_channels": n_channels, "n_classes": n_classes}
        try:
            network = deepcopy(self._source) if isinstance(self._source, nn.Module) else self._call(sizes)
        except _FAULTS as error:
            if isinstance(error, SettingError):
                raise
            said = ", ".join(f"{name}={size}" for name, size in sizes.items())
            raise SettingError(
                f"the network {self.name} cannot be built for {said}: {type(error).__name__}: {_one_line(error)}"
            ) from error
        if not isinstance(network, nn.Module):
            raise SettingError(f"the network {self.name} builds {network!r}, not a torch.nn.Module")
        return network.to("cpu")

    def _call(self, sizes: dict[str, int]) -> object:
        parameters = inspect.signature(self._source).parameters.values()
        takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
        taken = {parameter.name for parameter in parameters if parameter.kind in _KEYWORDS}
        return self._source(**{name: size for name, size in sizes.items() if takes_all or name in taken})


def own_network(source: object) -> OwnNetwork | None:
    """Return what stands for a user's network; None for what is none.

    Args:
        source: A module, which is copied; a class or callable that makes one, called with those of ``n_bins``,
            ``n_frames``, ``n_channels`` and ``n_classes`` that its signature names; or an estimator with scikit-learn's
            verbs.

    Raises:
        SettingError: It could be one but for something that the message names.
    """
    if isinstance(source, nn.Module) or _is_estimator(source):
        if not isinstance(source, nn.Module):
            _require_scores(source)
        return OwnNetwork(path=_path_of(type(source)), source=source)
    if not callable(source):
        return None
    name = getattr(source, "__name__", type(source).__name__)
    if isinstance(source, type) and _has_verbs(source):
        raise SettingError(f"{name} is the class of an estimator: give one of it, {name}()")
    _require_sizes(name, source)
    return OwnNetwork(path=_path_of(source), source=source)


def network_kind(name: str, settings: object) -> NetworkKind:
    """Return what the house knows of a network: a shipped one by its name, a user's own by what stands for it.

    Raises:
        SettingError: The name is unknown.
    """
    if not isinstance(settings, OwnNetwork):
        return NETWORKS[name]
    like = NETWORKS[settings.stand_in]
    return NetworkKind(
        settings=OwnNetwork,
        build=settings.build,
        front_end=like.front_end,
        whole_clips=like.whole_clips,
        learns_in_batches=like.learns_in_batches,
        summary=f"a network of the user's own: {settings.path}",
    )


def _is_estimator(source: object) -> bool:
    return not isinstance(source, type) and not isinstance(source, nn.Module) and _has_verbs(source)


def _has_verbs(source: object) -> bool:
    return callable(getattr(source, "fit", None)) and callable(getattr(source, "get_params", None))


def _require_scores(estimator: object) -> None:
    if not hasattr(estimator, "predict_proba") and not hasattr(estimator, "decision_function"):
        raise SettingError(
            f"the estimator {type(estimator).__name__} has neither predict_proba nor decision_function: "
            "a classifier with one of them is wanted"
        )


def _require_sizes(name: str, source: Callable[..., Any]) -> None:
    """Refuse what needs more to be called than the sizes."""
    try:
        parameters = list(inspect.signature(source).parameters.values())
    except ValueError:  # of some builtins there is none
        parameters = []
    unknown = [
        parameter.name
        for parameter in parameters
        if parameter.default is inspect.Parameter.empty
        and (parameter.kind is inspect.Parameter.POSITIONAL_ONLY or parameter.kind in _KEYWORDS)
        and (parameter.name not in _SIZES or parameter.kind is inspect.Parameter.POSITIONAL_ONLY)
    ]
    if unknown:
        raise SettingError(
            f"the network {name} needs {', '.join(unknown)}, and is built with {', '.join(_SIZES)} only: give a "
            f"module, or a function of these such as lambda n_classes: {name}(...)"
        )


def _path_of(source: object) -> str:
    name = getattr(source, "__qualname__", None) or type(source).__qualname__
    return f"{getattr(source, '__module__', None) or type(source).__module__}.{name}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or "no reason is given"
