"""The settings: one table, and the layers that their values come from.

Strongest first: an option of the command line; `SRCHAT_*` variables; the profile;
`SOLIDRUST_API_KEY` and `SOLIDRUST_BASE_URL`; the top level of the file; the default.
The SOLIDRUST variables stand below the profile because they belong to one service: a
profile that names another server must not be sent there, nor be given that service's key.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from srchat.api.key import checked_key
from srchat.api.models import MAX_TOKENS, TEMPERATURE, TOP_P, Range
from srchat.errors import ConfigError, MissingKeyError
from srchat.setting import Flag, Kind, Number, Setting, Text, TextList, Url, setting, settings_of

DEFAULT_BASE_URL: Final = "https://api.solidrust.ai/v1"
DEMO_PROFILE: Final = "demo"
DEMO_BASE_URL: Final = "http://demo.invalid/v1"  # a name that can never be on a network (RFC 6761)
_DEMO: Final = {"base_url": DEMO_BASE_URL, "model": "srchat-demo"}
_SERVICE_VARIABLES: Final = {"api_key": "SOLIDRUST_API_KEY", "base_url": "SOLIDRUST_BASE_URL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting; None is unset, and an unset parameter of the model is not sent."""

    base_url: str = setting(
        Url(), DEFAULT_BASE_URL, "where the server's API begins, up to /chat/completions"
    )
    api_key: str | None = setting(Text(), None, "the server's API key", secret=True)
    model: str = setting(Text(), "vllm-primary", "the model to ask")
    system: str | None = setting(Text(), None, "the system prompt")
    temperature: float | None = setting(
        Number(TEMPERATURE), None, "how freely the model chooses its words"
    )
    top_p: float | None = setting(
        Number(TOP_P), None, "choose among the likeliest words of this share of probability"
    )
    max_tokens: int | None = setting(
        Number(MAX_TOKENS, whole=True), None, "the most tokens to generate"
    )
    stop: tuple[str, ...] | None = setting(TextList(), None, "texts at which the answer stops")
    stream: bool = setting(Flag(), default=True, help="show the answer as it is made")
    timeout: float = setting(
        Number(Range(0.1, 86400)), 60.0, "the longest silence of the server, in seconds"
    )
    retries: int = setting(
        Number(Range(0, 100), whole=True), 3, "how often to try again before the first text"
    )
    max_wait: float = setting(
        Number(Range(0, 120)), 60.0, "the longest wait before a retry, in seconds"
    )
    fallback_models: tuple[str, ...] = setting(
        TextList(),
        ("claude*", "gpt-*"),
        "patterns of models that are worth a word when they answer",
    )
    code_theme: str = setting(Text(), "ansi_dark", "the colours of code (a Pygments style)")
    allow_http: bool = setting(
        Flag(), default=False, help="send the key over http:// to hosts beyond this machine"
    )


SETTINGS: Final[dict[str, Setting]] = settings_of(Config)


class Layer(NamedTuple):
    """Values by setting, and for each where it comes from, for people to read."""

    values: Mapping[str, object]
    origins: Mapping[str, str]


class FileSettings(NamedTuple):
    """What the configuration file holds: checked values of its top level and its profiles."""

    path: str
    profile: str | None = None
    values: Mapping[str, object] = {}
    profiles: Mapping[str, Mapping[str, object]] = {}


class Resolved(NamedTuple):
    """The configuration in force, where each value comes from, and the profile in use."""

    config: Config
    origins: Mapping[str, str]
    profile: str | None
    key: str | None  # the API key that may be sent to this server
    withheld: str | None  # where a key comes from that is for another server


def resolve(
    file: FileSettings,
    environ: Mapping[str, str],
    options: Mapping[str, object],
    profile: str | None = None,
) -> Resolved:
    """Lay all layers over each other. `options` are the given ones, `profile` that of `-p`.

    Raises ConfigError for a value that is not allowed and a profile that is not there.
    """
    profile = profile or environ.get("SRCHAT_PROFILE") or file.profile or None
    layers = [
        Layer(options, {name: f"option --{name.replace('_', '-')}" for name in options}),
        *([_layer(_DEMO, f"built-in profile {DEMO_PROFILE}")] if profile == DEMO_PROFILE else []),
        _environment(environ, {name: entry.variable for name, entry in SETTINGS.items()}),
        _profile_layer(file, profile),
        _environment(environ, _SERVICE_VARIABLES),
        _layer(file.values, file.path),
        _layer({name: entry.default for name, entry in SETTINGS.items()}, "default"),
    ]
    values, origins = _merged(layers)
    key, withheld = _key(layers, str(values["base_url"]))
    return Resolved(Config(**values), origins, profile, key, withheld)


def checked(name: str, value: object, where: str) -> object:
    """Return a typed value of a setting as Config holds it. Raises ConfigError."""
    return _converted(known(name, where), value, where, parse=False)


def parsed(name: str, text: str, where: str) -> object:
    """Return the value that a text means for a setting. Raises ConfigError."""
    return _converted(known(name, where), text, where, parse=True)


def known(name: str, where: str) -> Setting:
    """Return the setting of that name. Raises ConfigError with the likely meant one."""
    if name not in SETTINGS:
        raise ConfigError(f"{where}: no setting {name!r}", hint=did_you_mean(name, SETTINGS))
    return SETTINGS[name]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint at the likeliest of the known names, or the list of them all."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names)}"


def _converted(entry: Setting, value: object, where: str, *, parse: bool) -> object:
    kind: Kind = entry.kind
    try:
        return kind.parse(str(value)) if parse else kind.check(value)
    except ValueError:
        shown = "" if entry.secret else f" is {value!r};"
        raise ConfigError(f"{where}: {entry.name}{shown} allowed is {kind.description}") from None


def _layer(values: Mapping[str, object], origin: str) -> Layer:
    return Layer(values, dict.fromkeys(values, origin))


def _environment(environ: Mapping[str, str], variables: Mapping[str, str]) -> Layer:
    # An empty variable is a value where the setting is a text, and unset where it cannot be one.
    found = {
        name: var
        for name, var in variables.items()
        if environ.get(var) or (var in environ and type(SETTINGS[name].kind) is Text)
    }
    values = {name: parsed(name, environ[var], f"variable {var}") for name, var in found.items()}
    return Layer(values, {name: f"variable {var}" for name, var in found.items()})


def _profile_layer(file: FileSettings, profile: str | None) -> Layer:
    if profile is None or (profile == DEMO_PROFILE and profile not in file.profiles):
        return _layer({}, "")
    if profile not in file.profiles:
        names = [*file.profiles, DEMO_PROFILE]
        raise ConfigError(f"no profile {profile!r}", hint=did_you_mean(profile, names))
    return _layer(file.profiles[profile], f"profile {profile}")


def _merged(layers: list[Layer]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in reversed(layers):
        values |= layer.values
        origins |= layer.origins
    return values, origins


def _key(layers: list[Layer], base_url: str) -> tuple[str | None, str | None]:
    """Return the key that may go to `base_url`, or else where one comes from that may not.

    A key belongs to the server that was configured when it was given: the base URL of its
    own layer or of one below. Only a variable also follows a `--base-url` typed beside it.
    """
    place = next((i for i, layer in enumerate(layers) if layer.values.get("api_key")), None)
    if place is None:
        return None, None
    layer = layers[place]
    origin = layer.origins["api_key"]
    meant, _ = _merged(layers[place:])
    above = [other for other in layers[:place] if "base_url" in other.values]
    given_now = origin.startswith("variable") and all(
        other.origins["base_url"].startswith(("option", "variable")) for other in above
    )
    if given_now or same_origin(str(meant["base_url"]), base_url):
        return checked_key(str(layer.values["api_key"])), None
    return None, origin


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
    in_127 = len(parts) == 4 and parts[0] == "127" and all(p.isdecimal() for p in parts)
    return host in ("localhost", "::1") or in_127


def key_to_send(resolved: Resolved) -> str | None:
    """Return the key for the Authorization header, None where none is needed.

    Raises MissingKeyError where the service needs one, ConfigError where sending it would
    show it to the network.
    """
    config, key = resolved.config, resolved.key
    if config.base_url == DEMO_BASE_URL:
        return None
    if key is None:
        if same_origin(config.base_url, DEFAULT_BASE_URL):
            raise MissingKeyError(
                "no API key for api.solidrust.ai",
                hint="get one at console.solidrust.ai and set SOLIDRUST_API_KEY, "
                "or look around without one: --profile demo",
            )
        return None
    if config.base_url.startswith("http://") and not (
        is_loopback(config.base_url) or config.allow_http
    ):
        raise ConfigError(
            f"the key would go unencrypted to {config.base_url}",
            hint="use https://, or set allow_http = true if the network is yours",
        )
    return key
