"""How the value of each setting is resolved from several layers. Pure.

Strongest first: command-line options; `SRCHAT_*` variables; the profile;
`SOLIDRUST_API_KEY` and `SOLIDRUST_BASE_URL`; the top level of the file; the defaults.
The SOLIDRUST variables rank below the profile because they belong to one service: they must
not redirect a profile for another server, nor send that service's key to it.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from srchat.config.checks import parsed
from srchat.config.keys import choose_headers, choose_key, is_loopback, is_same_origin, usable_key
from srchat.config.layers import Layer, LayerKind, layer_of, merged
from srchat.config.parameters import REMOVED
from srchat.config.settings import (
    DEFAULT_BASE_URL,
    DEMO_BASE_URL,
    DEMO_PROFILE,
    PROFILE,
    SETTINGS,
    Config,
)
from srchat.errors import ConfigError, MissingKeyError
from srchat.suggestions import did_you_mean

_DEMO: Final = {"base_url": DEMO_BASE_URL, "model": "srchat-demo"}
_SERVICE_VARIABLES: Final = {"api_key": "SOLIDRUST_API_KEY", "base_url": "SOLIDRUST_BASE_URL"}


class FileSettings(NamedTuple):
    """The checked values of the configuration file: its top level and its profiles."""

    path: str
    profile: str | None = None
    values: Mapping[str, object] = {}
    profiles: Mapping[str, Mapping[str, object]] = {}
    exposed: tuple[str, ...] = ()  # files that group or others may read or write
    profile_paths: Mapping[str, str] = {}  # of profiles in separate files, read or not

    @property
    def profile_names(self) -> list[str]:
        """The names of the profiles in config.toml and in profiles.d."""
        return list(dict.fromkeys([*self.profiles, *self.profile_paths]))


class Resolved(NamedTuple):
    """The effective configuration, the source of each value, and the profile in use.

    `origins` are for messages and `kinds` for decisions; both include the profile's own source.
    """

    config: Config
    origins: Mapping[str, str]
    kinds: Mapping[str, LayerKind]
    profile: str | None
    key: str | None  # the API key to send to this server
    key_command: tuple[str, ...] | None  # prints the API key for this server
    withheld: str | None  # the origin of a key that belongs to another server
    withheld_kind: LayerKind | None = None  # of the layer of that key
    headers: Mapping[str, str] = {}  # to send to this server; its key may be sent there, too

    @property
    def key_setting(self) -> str | None:
        """The setting that provides the key for this server, None if there is no key."""
        if self.key:
            return "api_key"
        return "api_key_command" if self.key_command else None


def resolve(
    file: FileSettings,
    environ: Mapping[str, str],
    options: Mapping[str, object],
    profile: str | None = None,
) -> Resolved:
    """Merge all layers. `options`: those given on the command line. `profile`: that of `-p`.

    Raises ConfigError for an invalid value or an unknown profile.
    """
    profile, profile_origin, profile_kind = _select_profile(file, environ, profile)
    flags = {name: f"option {SETTINGS[name].flags[-1].partition('/')[0]}" for name in options}
    variables = {name: entry.variable for name, entry in SETTINGS.items() if entry.variable}
    defaults = {name: entry.default for name, entry in SETTINGS.items()}
    demo = _DEMO if profile == DEMO_PROFILE else {}
    layers = [
        Layer(LayerKind.OPTION, options, flags),
        layer_of(LayerKind.DEMO, demo, f"built-in profile {DEMO_PROFILE}"),
        _environment(LayerKind.VARIABLE, environ, variables),
        _profile_layer(file, profile, profile_origin),
        _environment(LayerKind.SERVICE_VARIABLE, environ, _SERVICE_VARIABLES),
        layer_of(LayerKind.FILE, file.values, file.path),
        layer_of(LayerKind.DEFAULT, defaults, "default"),
    ]
    values, origins, kinds = merged(layers)
    if params := values["params"]:
        kept = {name: value for name, value in params.items() if value is not REMOVED}
        values["params"] = kept or None
    chosen = choose_key(layers, str(values["base_url"]))
    origins[PROFILE], kinds[PROFILE] = profile_origin, profile_kind
    return Resolved(
        config=Config(**values),
        origins=origins,
        kinds=kinds,
        profile=profile,
        key=chosen.key,
        key_command=chosen.command,
        withheld=chosen.withheld,
        withheld_kind=chosen.withheld_kind,
        headers=choose_headers(layers, str(values["base_url"])),
    )


def _environment(
    kind: LayerKind, environ: Mapping[str, str], variables: Mapping[str, str]
) -> Layer:
    # An empty variable counts as not set, except for texts (no system prompt). The key is not
    # one of them: CI sets the variable of a missing secret to "".
    found = {
        name: var
        for name, var in variables.items()
        if environ.get(var) or (var in environ and SETTINGS[name].may_be_empty)
    }
    values = {
        name: parsed(name, _text_of(environ, var), f"variable {var}") for name, var in found.items()
    }
    return Layer(kind, values, {name: f"variable {var}" for name, var in found.items()})


def _text_of(environ: Mapping[str, str], variable: str) -> str:
    try:
        environ[variable].encode("utf-8")
    except UnicodeEncodeError:  # the exception contains the value, which may be a key
        raise ConfigError(f"variable {variable}: the value is not UTF-8 text") from None
    return environ[variable]


def _select_profile(
    file: FileSettings, environ: Mapping[str, str], option: str | None
) -> tuple[str | None, str, LayerKind]:
    """Return the profile to use, and the origin and layer kind of that choice."""
    if option:
        return option, "option --profile", LayerKind.OPTION
    if named := environ.get("SRCHAT_PROFILE"):
        return named, "variable SRCHAT_PROFILE", LayerKind.VARIABLE
    return file.profile or None, file.path, LayerKind.FILE


def _profile_layer(file: FileSettings, profile: str | None, origin: str) -> Layer:
    if profile is None or (profile == DEMO_PROFILE and profile not in file.profiles):
        return layer_of(LayerKind.PROFILE, {}, "")
    if profile not in file.profiles:
        names = [*file.profile_names, DEMO_PROFILE]
        raise ConfigError(f"{origin}: no profile {profile!r}", hint=did_you_mean(profile, names))
    return layer_of(LayerKind.PROFILE, file.profiles[profile], f"profile {profile}")


def key_to_send(
    resolved: Resolved, run: Callable[[tuple[str, ...]], str] | None = None
) -> str | None:
    """Return the key for the Authorization header, None if none is needed.

    `run` runs the `api_key_command` and returns its output; it is called only if that key may
    be sent. Raises MissingKeyError if the service requires a key, ConfigError if the key would
    be sent unencrypted.
    """
    config, key = resolved.config, resolved.key
    if config.base_url == DEMO_BASE_URL:
        return None
    if key is None and resolved.key_command is None:
        if is_same_origin(config.base_url, DEFAULT_BASE_URL):
            raise MissingKeyError(
                "no API key for api.solidrust.ai",
                hint="create one at console.solidrust.ai, then run\n"
                "    srchat config set api_key\n"
                "or use another server: srchat config init\n"
                'or try srchat without a key: srchat ask --profile demo "hello"',
            )
        return None
    is_open = urlsplit(config.base_url).scheme == "http"
    if is_open and not (is_loopback(config.base_url) or config.allow_http):
        raise ConfigError(
            f"refusing to send the key unencrypted to {config.base_url}",
            hint="use https://, or set allow_http = true if you trust the network",
        )
    if key is None and resolved.key_command and run:
        key = usable_key(run(resolved.key_command), "api_key_command")
    return key
