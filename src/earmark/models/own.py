"""A network of the user's own: a module, what builds one, or a scikit-learn estimator, wherever a name does."""

import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import InitVar, dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from earmark.errors import SettingError
from earmark.models.catalogue import NETWORKS, NetworkKind
from earmark.models.foreign import Foreign
from earmark.models.trial import FAULTS

OWN = "own"  # in place of a name of the catalogue, which never has it
_SIZES = ("n_bins", "n_frames", "n_channels", "n_classes")
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, kw_only=True)
class OwnNetwork:
    """What stands for a user's network where a shipped one has its settings.

    Attributes:
        path: Where it is imported from, such as ``my_networks.Wide``: what a bundle can say of it.
        source: The module, estimator or callable itself; no field, as it is neither compared nor written down. None
            where it is known by its path alone, as a file does.

    >>> own_network(nn.Flatten()).path
    'torch.nn.modules.flatten.Flatten'
    """

    path: str
    source: InitVar[Any] = None

    def __post_init__(self, source: Any) -> None:  # noqa: ANN401 - see `own_network`
        object.__setattr__(self, "_kept", source)
        object.__setattr__(self, "_shares_weights", None)  # found out with the first network that is built

    @property
    def _source(self) -> Any:  # noqa: ANN401 - as above
        return vars(self)["_kept"]

    @property
    def name(self) -> str:
        """Its short name, for messages."""
        return self.path.rsplit(".", 1)[-1]

    @property
    def is_given(self) -> bool:
        """Whether it is here, and not known by its path alone."""
        return self._source is not None

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

        What a callable makes is copied too if it makes each from the same weights: what one has learnt would go on to
        the next, and from fold to fold.

        Raises:
            SettingError: It is not given, cannot be copied or built, or what is built is no module.
        """
        del settings  # itself
        self.require()
        if self.is_estimator:
            return Foreign(self._source, n_classes=n_classes)
        sizes = {"n_bins": n_bins, "n_frames": n_frames, "n_channels": n_channels, "n_classes": n_classes}
        try:
            network = deepcopy(self._source) if isinstance(self._source, nn.Module) else self._made(sizes)
        except FAULTS as error:
            if isinstance(error, SettingError):
                raise
            said = ", ".join(f"{name}={size}" for name, size in sizes.items())
            raise SettingError(
                f"the network {self.name} cannot be built for {said}: {type(error).__name__}: {_one_line(error)}"
            ) from error
        return network.to("cpu")

    def require(self) -> None:
        """Make sure that it is here.

        Raises:
            SettingError: It is known by its path alone.
        """
        if not self.is_given:
            raise SettingError(
                f"the network {self.path} is no shipped one, and no file can hold it: give it again in the program "
                f"that trains with it, network={self.name}"
            )

    def _made(self, sizes: dict[str, int]) -> nn.Module:
        if vars(self)["_shares_weights"] is None:
            with torch.random.fork_rng(devices=[]):  # one more network draws its weights
                other = self._called(sizes)
            network = self._called(sizes)
            object.__setattr__(self, "_shares_weights", bool(_places(other) & _places(network)))
        else:
            network = self._called(sizes)
        return deepcopy(network) if vars(self)["_shares_weights"] else network

    def _called(self, sizes: dict[str, int]) -> nn.Module:
        network = self._call(sizes)
        if not isinstance(network, nn.Module):
            raise SettingError(f"the network {self.name} builds {network!r}, not a torch.nn.Module")
        return network

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


def written_kind(name: str, table: Mapping[str, Any]) -> NetworkKind:
    """Return what the house knows of the network that the table of a configuration names.

    Args:
        name: Its name there.
        table: The rest of the table, which of a user's own has its path.

    Raises:
        SettingError: The name is unknown.
    """
    if name == OWN and isinstance(path := table.get("path"), str):
        return network_kind(name, OwnNetwork(path=path))
    return NETWORKS[name]


def network_title(name: str, settings: object) -> str:
    """Return what a network is called in messages, tables and pictures."""
    return settings.name if isinstance(settings, OwnNetwork) else name


def remark(*networks: object) -> str:
    r"""Return the comment that stands above a file with the settings of networks; nothing where all of them ship.

    >>> remark(own_network(nn.Flatten()), NETWORKS["svm"].settings())
    '# torch.nn.modules.flatten.Flatten is no network that ships: give it again to train with these settings.\n\n'
    """
    paths = list(dict.fromkeys(one.path for one in networks if isinstance(one, OwnNetwork)))
    verb = "is no network that ships: give it" if len(paths) == 1 else "are no networks that ship: give them"
    return f"# {', '.join(paths)} {verb} again to train with these settings.\n\n" if paths else ""


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


def _places(network: nn.Module) -> set[int]:
    """Return where the weights and buffers of a network lie in memory; what has no size yet lies where it is itself."""
    tensors = [*network.parameters(), *network.buffers()]
    places = {id(tensor) if is_lazy(tensor) else tensor.untyped_storage().data_ptr() for tensor in tensors}
    return places - {0}  # nothing lies at 0, or nowhere


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
