"""Values that come from several places, one place laid over the other. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Layer(NamedTuple):
    """Values by setting, and for each where it comes from, for people to read."""

    values: Mapping[str, object]
    origins: Mapping[str, str]


def layer_of(values: Mapping[str, object], origin: str) -> Layer:
    """Return a layer whose values all come from one place."""
    return Layer(values, dict.fromkeys(values, origin))


def merged(layers: Sequence[Layer]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the strongest value of each name, and its origin; the first layer is strongest."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in reversed(layers):
        values |= layer.values
        origins |= layer.origins
    return values, origins
