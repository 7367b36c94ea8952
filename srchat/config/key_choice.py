"""Which key may go to which server. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from srchat.api.key import checked_key
from srchat.config.layers import Layer, merged
from srchat.errors import ConfigError

KEY_SETTINGS: Final = ("api_key", "api_key_command")  # in one layer, the first is stronger


class ChosenKey(NamedTuple):
    """The key or the command that prints it, or where there is one that must not be sent."""

    key: str | None = None
    command: tuple[str, ...] | None = None
    withheld: str | None = None


def choose_key(layers: Sequence[Layer], base_url: str) -> ChosenKey:
    """Return what may go to `base_url`, or else where a key comes from that may not.

    A key belongs to the server that was configured when it was given: the base URL of its
    own layer or of one below. Only a variable also follows a `--base-url` typed beside it.
    In one layer a key is stronger than a command; "" says that there is none.
    """
    for place, layer in enumerate(layers):
        name = "api_key" if layer.values.get("api_key") else "api_key_command"
        if not layer.values.keys() & set(KEY_SETTINGS):
            continue
        if not layer.values.get(name):
            return ChosenKey()
        origin = layer.origins[name]
        if not _belongs_to(layers, place, origin, base_url):
            return ChosenKey(withheld=origin)
        if name == "api_key_command":
            return ChosenKey(command=layer.values[name])  # type: ignore[arg-type] # as its kind checks it
        return ChosenKey(usable_key(str(layer.values[name]), origin))
    return ChosenKey()


def _belongs_to(layers: Sequence[Layer], place: int, origin: str, base_url: str) -> bool:
    meant, _ = merged(layers[place:])
    above = [layer for layer in layers[:place] if "base_url" in layer.values]
    given_now = origin.startswith("variable") and all(
        layer.origins["base_url"].startswith(("option", "variable")) for layer in above
    )
    return given_now or same_origin(str(meant["base_url"]), base_url)


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
