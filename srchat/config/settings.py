"""The settings, and how their values are resolved from several layers.

Strongest first: command-line options; `SRCHAT_*` variables; the profile;
`SOLIDRUST_API_KEY` and `SOLIDRUST_BASE_URL`; the top level of the file; the defaults.
The SOLIDRUST variables rank below the profile because they belong to one service: they must
not redirect a profile for another server, nor send that service's key to it.
"""

import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from srchat.config.keys import choose_key, is_loopback, is_same_origin, usable_key
from srchat.config.layers import Layer, LayerKind, layer_of, merged
from srchat.config.parameters import REMOVED, Parameters
from srchat.config.value_types import (
    Boolean,
    Choice,
    CodeTheme,
    CommandLine,
    NonEmptyString,
    Number,
    Range,
    Setting,
    String,
    StringList,
    Url,
    ValueType,
    setting,
    settings_of,
)
from srchat.errors import ConfigError, MissingKeyError

DEFAULT_BASE_URL: Final = "https://api.solidrust.ai/v1"
PROFILE: Final = "profile"  # top-level key of the file that names the default profile
DEMO_PROFILE: Final = "demo"
DEMO_BASE_URL: Final = "http://demo.invalid/v1"  # .invalid never resolves (RFC 6761)
_DEMO: Final = {"base_url": DEMO_BASE_URL, "model": "srchat-demo"}
_KEY_LIKE: Final = re.compile(r"sk-|(?=[\d-]*[^\W\d])[\w-]{13}")  # digits alone are not a key
_MAX_COMPARED: Final = 5000  # names: similarity takes 0.1 ms each
_MAX_LISTED: Final = 20
_MAX_SHOWN_CHARACTERS: Final = 60  # of a wrong value in a message
_SERVICE_VARIABLES: Final = {"api_key": "SOLIDRUST_API_KEY", "base_url": "SOLIDRUST_BASE_URL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The value of every setting; None means not set. Parameters not set are not sent."""

    base_url: str = setting(
        Url(),
        DEFAULT_BASE_URL,
        "base URL, for example http://localhost:8000/v1",
        connection=True,
        flags=("--base-url",),
        metavar="URL",
    )
    api_key: str | None = setting(String(), None, "API key", secret=True)
    api_key_command: tuple[str, ...] | None = setting(
        CommandLine(), None, "command that prints the API key, for example of a password manager"
    )
    model: str = setting(
        NonEmptyString(),
        "vllm-primary",
        "model name",
        in_chat=True,
        flags=("-m", "--model"),
        metavar="MODEL",
    )
    system: str | None = setting(
        String(), None, "system prompt", flags=("-s", "--system"), metavar="TEXT"
    )
    temperature: float | None = setting(
        Number(Range(0, 2)),
        None,
        "sampling temperature",
        parameter=True,
        in_chat=True,
        flags=("-t", "--temperature"),
        metavar="0..2",
    )
    top_p: float | None = setting(
        Number(Range(0, 1)),
        None,
        "nucleus sampling: probability mass to consider",
        parameter=True,
        in_chat=True,
        flags=("--top-p",),
        metavar="0..1",
    )
    max_tokens: int | None = setting(
        Number(Range(1), whole=True),
        None,
        "maximum number of tokens to generate",
        parameter=True,
        in_chat=True,
        flags=("--max-tokens",),
        metavar="N",
    )
    stop: tuple[str, ...] | None = setting(
        StringList(),
        None,
        "stop sequences",
        parameter=True,
        in_chat=True,
        flags=("--stop",),
        metavar="TEXT",
    )
    params: Mapping[str, object] | None = setting(
        Parameters(),
        None,
        "further parameters of the request, by name",
        flags=("--param",),
        metavar="NAME=VALUE",
    )
    stream: bool = setting(
        Boolean(),
        default=True,
        help="stream the answer as it is generated",
        in_chat=True,
        flags=("--stream/--no-stream",),
    )
    timeout: float = setting(
        Number(Range(0.1, 86400)),
        60.0,
        "read timeout in seconds",
        connection=True,
        in_chat=True,
        flags=("--timeout",),
        metavar="SECONDS",
    )
    retries: int = setting(
        Number(Range(0, 100), whole=True),
        3,
        "retries before the first token",
        connection=True,
        in_chat=True,
        flags=("--retries",),
        metavar="N",
    )
    max_wait: float = setting(
        Number(Range(0, 120)),
        60.0,
        "maximum wait before a retry, in seconds",
        connection=True,
        in_chat=True,
        flags=("--max-wait",),
        metavar="SECONDS",
    )
    history: bool = setting(Boolean(), default=True, help="store conversations on this machine")
    context_window: int | None = setting(
        Number(Range(1), whole=True),
        None,
        "context window in tokens; learned from the server if not set",
        in_chat=True,
    )
    fallback_models: tuple[str, ...] = setting(
        StringList(),
        ("claude*", "gpt-*"),
        "patterns of fallback models; a warning is shown when one of them answers",
        in_chat=True,
    )
    color: str = setting(
        Choice(("auto", "always", "never")),
        "auto",
        "when to use colors; always also renders into a pipe, for less -R",
        flags=("--color",),
        metavar="WHEN",
    )
    bell: bool = setting(
        Boolean(),
        default=False,
        help="ring the terminal bell after an answer that took more than 10 seconds",
        in_chat=True,
    )
    code_theme: str = setting(CodeTheme(), "terminal", "color theme for code", in_chat=True)
    keys: str = setting(
        Choice(("emacs", "vi")), "emacs", "key bindings of the chat prompt", in_chat=True
    )
    allow_http: bool = setting(
        Boolean(),
        default=False,
        help="allow sending the key over http:// to other machines",
        connection=True,
    )


SETTINGS: Final[dict[str, Setting]] = settings_of(Config)


class FileSettings(NamedTuple):
    """The checked values of the configuration file: its top level and its profiles."""

    path: str
    profile: str | None = None
    values: Mapping[str, object] = {}
    profiles: Mapping[str, Mapping[str, object]] = {}
    is_exposed: bool = False  # group or others may read or write the file


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
    variables = {name: entry.variable for name, entry in SETTINGS.items()}
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
    )


def checked(name: str, value: object, where: str) -> object:
    """Return a typed value converted for Config. Raises ConfigError that begins with `where`."""
    return _converted(setting_named(name, where), value, where, parse=False)


def parsed(name: str, text: str, where: str) -> object:
    """Return text parsed as the value of a setting. Raises ConfigError like `checked`."""
    return _converted(setting_named(name, where), text, where, parse=True)


def parsed_parameters(text: str, where: str) -> dict[str, object]:
    """Return the parameter of `NAME=VALUE`. Raises ConfigError like `checked`."""
    found = parsed("params", text, where)
    assert isinstance(found, dict)
    return found


def setting_named(name: str, where: str) -> Setting:
    """Return the setting of that name. Raises ConfigError that suggests a similar one."""
    if name not in SETTINGS:
        shown = "of that name" if name.startswith("sk-") else repr(name)  # a misplaced key
        raise ConfigError(f"{where}: unknown setting {shown}", hint=did_you_mean(name, SETTINGS))
    return SETTINGS[name]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a hint that suggests the most similar name, or lists them."""
    known = list(names)
    if close := closest(name, known):
        return f"did you mean {close!r}?"
    more = ", ..." if len(known) > _MAX_LISTED else ""
    return f"choose from: {', '.join(known[:_MAX_LISTED])}{more}"


def closest(name: str, names: Iterable[str]) -> str:
    """Return the name that is most likely meant, "" where none is alike; prefixes come first."""
    known = list(itertools.islice(names, _MAX_COMPARED))
    longer = [each for each in known if each.startswith(name)]
    close = [min(longer, key=len)] if longer and name else []
    close += difflib.get_close_matches(name, known, n=1)
    return close[0] if close else ""


def _converted(entry: Setting, value: object, where: str, *, parse: bool) -> object:
    value_type: ValueType = entry.value_type
    try:
        return value_type.parse(str(value)) if parse else value_type.check(value)
    except (ValueError, RecursionError):
        problem = f"{entry.name} {_shown(entry, value)}; must be {value_type.description}"
        raise ConfigError(f"{where}: {problem}") from None


def _shown(entry: Setting, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    # A misplaced key, or a URL with a password, is not shown.
    if entry.secret or isinstance(value, dict | list) or "@" in text or _KEY_LIKE.search(text):
        return "is invalid"
    return (
        f"is {text if len(text) <= _MAX_SHOWN_CHARACTERS else text[:_MAX_SHOWN_CHARACTERS] + '…'}"
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
        names = [*file.profiles, DEMO_PROFILE]
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
