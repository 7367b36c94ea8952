"""Layers of setting values and how they are merged. Pure."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple


class LayerKind(Enum):
    """The source of a layer, for decisions in code; its origins are for messages."""

    OPTION = auto()  # the command line
    DEMO = auto()  # the built-in profile
    VARIABLE = auto()  # SRCHAT_*
    PROFILE = auto()
    SERVICE_VARIABLE = auto()  # SOLIDRUST_*
    FILE = auto()  # the top level of the configuration file
    DEFAULT = auto()


class Layer(NamedTuple):
    """Values by setting, and the origin of each for messages."""

    kind: LayerKind
    values: Mapping[str, object]
    origins: Mapping[str, str]


class Merged(NamedTuple):
    """The strongest value of each setting, its origin, and the kind of its layer."""

    values: dict[str, Any]
    origins: dict[str, str]
    kinds: dict[str, LayerKind]


def layer_of(kind: LayerKind, values: Mapping[str, object], origin: str) -> Layer:
    """Return a layer whose values all have the same origin."""
    return Layer(kind, values, dict.fromkeys(values, origin))


def merged(layers: Sequence[Layer]) -> Merged:
    """Merge the layers; the first takes precedence."""
    result = Merged({}, {}, {})
    for layer in reversed(layers):
        for name, value in layer.values.items():
            # Parameters by name are merged name by name.
            weaker = result.values.get(name)
            both = isinstance(weaker, dict) and isinstance(value, dict)
            result.values[name] = weaker | value if both else value  # type: ignore[operator] # both are
        result.origins.update(layer.origins)
        result.kinds.update(dict.fromkeys(layer.values, layer.kind))
    return result
