"""Which key may go to which server. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from srchat.api.key import checked_key
from srchat.config.layers import Layer, LayerKind, merged
from srchat.errors import ConfigError

KEY_SETTINGS: Final = ("api_key", "api_key_command")  # in one layer, the first takes precedence


class ChosenKey(NamedTuple):
    """The key or the command that prints it, or where there is one that must not be sent."""

    key: str | None = None
    command: tuple[str, ...] | None = None
    withheld: str | None = None
    withheld_kind: LayerKind | None = None


def choose_key(layers: Sequence[Layer], base_url: str) -> ChosenKey:
    """Return what may go to `base_url`, or else where a key comes from that may not.

    The strongest layer that has one decides. In a layer, `api_key` decides before
    `api_key_command`, also with "": there is no key.
    """
    for place, layer in enumerate(layers):
        name = next((name for name in KEY_SETTINGS if layer.values.get(name) is not None), None)
        if name is None:
            continue
        if not layer.values[name]:
            return ChosenKey()
        origin = layer.origins[name]
        if not _may_go_to(layers[place:], base_url):
            return ChosenKey(withheld=origin, withheld_kind=layer.kind)
        if name == "api_key_command":
            return ChosenKey(command=layer.values[name])  # type: ignore[arg-type] # as its kind checks it
        return ChosenKey(usable_key(str(layer.values[name]), origin))
    return ChosenKey()


def _may_go_to(layers: Sequence[Layer], base_url: str) -> bool:
    """Tell whether the key of the first of these layers may be sent to a server.

    A key belongs to the server that was configured where it was given: the base URL of its own
    layer, or else of the strongest one below. SRCHAT_API_KEY goes wherever the request goes, and
    SOLIDRUST_API_KEY to each server that the layers below its profile configure.
    """
    if layers[0].kind is LayerKind.VARIABLE:
        return True
    if layers[0].kind is LayerKind.SERVICE_VARIABLE:
        meant = [layer.values["base_url"] for layer in layers if "base_url" in layer.values]
    else:
        meant = [merged(layers).values["base_url"]]
    return any(same_origin(str(url), base_url) for url in meant)


def usable_key(text: str, origin: str) -> str:
    """Return the key as it is sent. Raises ConfigError that names its origin, never the key."""
    try:
        return checked_key(text)
    except ConfigError as exc:
        raise ConfigError(f"{origin}: {exc.message}", hint=exc.hint) from None


def same_origin(url: str, other: str) -> bool:
    """Tell whether two URLs have the same scheme, host and port."""
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine by its name alone; no name is looked up."""
    host = urlsplit(url).hostname or ""
    parts = host.split(".")
    in_127 = (
        len(parts) == 4 and parts[0] == "127" and all(p.isdecimal() and int(p) < 256 for p in parts)
    )
    return host in ("localhost", "::1") or in_127
