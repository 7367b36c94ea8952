"""Which key may go to which server. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from srchat.api.key import checked_key
from srchat.config.layers import Layer, LayerKind, merged
from srchat.errors import ConfigError

KEY_SETTINGS: Final = ("api_key", "api_key_command")  # in order of precedence within a layer


class ChosenKey(NamedTuple):
    """The key, or the command that prints it, or the origin of a key that must not be sent."""

    key: str | None = None
    command: tuple[str, ...] | None = None
    withheld: str | None = None
    withheld_kind: LayerKind | None = None


def choose_key(layers: Sequence[Layer], base_url: str) -> ChosenKey:
    """Return the key that may be sent to `base_url`, or the origin of the one withheld from it.

    The strongest layer with a key decides. Within a layer, `api_key` takes precedence over
    `api_key_command`, even if it is "", which means no key.
    """
    for index, layer in enumerate(layers):
        name = next((name for name in KEY_SETTINGS if layer.values.get(name) is not None), None)
        if name is None:
            continue
        if not layer.values[name]:
            return ChosenKey()
        origin = layer.origins[name]
        if not _may_send_to(layers[index:], base_url):
            return ChosenKey(withheld=origin, withheld_kind=layer.kind)
        if name == "api_key_command":
            return ChosenKey(command=layer.values[name])  # type: ignore[arg-type] # checked by its type
        return ChosenKey(usable_key(str(layer.values[name]), origin))
    return ChosenKey()


def choose_headers(layers: Sequence[Layer], base_url: str) -> dict[str, str]:
    """Return the headers to send to `base_url`: of each layer, if its key may be sent there.

    Names that differ only in case are one header; the stronger layer counts.
    """
    chosen: dict[str, tuple[str, str]] = {}
    for index, layer in reversed([*enumerate(layers)]):
        headers = layer.values.get("headers")
        if isinstance(headers, dict) and _may_send_to(layers[index:], base_url):
            chosen |= {name.lower(): (name, text) for name, text in headers.items()}
    return dict(chosen.values())


def _may_send_to(layers: Sequence[Layer], base_url: str) -> bool:
    """Tell whether the key of the first layer may be sent to `base_url`.

    A key may be sent only to the base URL of its own layer or, if that has none, of the next
    weaker one. SRCHAT_API_KEY may be sent anywhere, SOLIDRUST_API_KEY to every base URL that
    the layers below the profile configure.
    """
    if layers[0].kind is LayerKind.VARIABLE:
        return True
    if layers[0].kind is LayerKind.SERVICE_VARIABLE:
        allowed = [layer.values["base_url"] for layer in layers if "base_url" in layer.values]
    else:
        allowed = [merged(layers).values["base_url"]]
    return any(is_same_origin(str(url), base_url) for url in allowed)


def usable_key(text: str, origin: str) -> str:
    """Return the key as sent. Raises ConfigError that names the origin, never the key."""
    try:
        return checked_key(text)
    except ConfigError as exc:
        raise ConfigError(f"{origin}: {exc.message}", hint=exc.hint) from None


def is_same_origin(url: str, other: str) -> bool:
    """Tell whether two URLs have the same scheme, host and port."""
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def is_loopback(url: str) -> bool:
    """Tell whether the host is localhost or a loopback address; no name is looked up."""
    host = urlsplit(url).hostname or ""
    parts = host.split(".")
    in_127 = (
        len(parts) == 4 and parts[0] == "127" and all(p.isdecimal() and int(p) < 256 for p in parts)
    )
    return host in ("localhost", "::1") or in_127
