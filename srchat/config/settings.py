"""The settings: one table, and the layers that their values come from.

Strongest first: an option of the command line; `SRCHAT_*` variables; the profile;
`SOLIDRUST_API_KEY` and `SOLIDRUST_BASE_URL`; the top level of the file; the default.
The SOLIDRUST variables stand below the profile because they belong to one service: a
profile that names another server must not be sent there, nor be given that service's key.
"""

import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from srchat.config.keys import choose_key, is_loopback, same_origin, usable_key
from srchat.config.layers import Layer, LayerKind, layer_of, merged
from srchat.config.value_types import (
    Choice,
    CodeTheme,
    Command,
    Flag,
    Name,
    Number,
    Range,
    Setting,
    Text,
    TextList,
    Url,
    ValueType,
    setting,
    settings_of,
)
from srchat.errors import ConfigError, MissingKeyError

DEFAULT_BASE_URL: Final = "https://api.solidrust.ai/v1"
PROFILE: Final = "profile"  # stands in the file beside the settings, and names their profile
DEMO_PROFILE: Final = "demo"
DEMO_BASE_URL: Final = "http://demo.invalid/v1"  # a name that can never be on a network (RFC 6761)
_DEMO: Final = {"base_url": DEMO_BASE_URL, "model": "srchat-demo"}
_LIKE_A_KEY: Final = re.compile(r"sk-|(?=[\d-]*[^\W\d])[\w-]{13}")  # digits alone are a number
_MOST_NAMES: Final = 500  # to compare with: similarity costs, and nobody reads more
_LONGEST_SHOWN: Final = 60  # characters of a wrong value in a message
_SERVICE_VARIABLES: Final = {"api_key": "SOLIDRUST_API_KEY", "base_url": "SOLIDRUST_BASE_URL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting; None is unset, and an unset parameter of the model is not sent."""

    base_url: str = setting(
        Url(),
        DEFAULT_BASE_URL,
        "base URL, for example http://localhost:8000/v1",
        connection=True,
        flags=("--base-url",),
        metavar="URL",
    )
    api_key: str | None = setting(Text(), None, "API key", secret=True)
    api_key_command: tuple[str, ...] | None = setting(
        Command(), None, "command that prints the API key, for example of a password manager"
    )
    model: str = setting(
        Name(),
        "vllm-primary",
        "model name",
        in_chat=True,
        flags=("-m", "--model"),
        metavar="MODEL",
    )
    system: str | None = setting(
        Text(), None, "system prompt", flags=("-s", "--system"), metavar="TEXT"
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
        TextList(),
        None,
        "stop sequences",
        parameter=True,
        in_chat=True,
        flags=("--stop",),
        metavar="TEXT",
    )
    stream: bool = setting(
        Flag(),
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
    history: bool = setting(Flag(), default=True, help="store conversations on this machine")
    context_window: int | None = setting(
        Number(Range(1), whole=True),
        None,
        "context window in tokens; learned from the server if not set",
        in_chat=True,
    )
    fallback_models: tuple[str, ...] = setting(
        TextList(),
        ("claude*", "gpt-*"),
        "patterns of fallback models; a warning is shown when one of them answers",
        in_chat=True,
    )
    code_theme: str = setting(CodeTheme(), "terminal", "color theme for code", in_chat=True)
    keys: str = setting(
        Choice(("emacs", "vi")), "emacs", "key bindings of the chat prompt", in_chat=True
    )
    allow_http: bool = setting(
        Flag(),
        default=False,
        help="allow sending the key over http:// to other machines",
        connection=True,
    )


SETTINGS: Final[dict[str, Setting]] = settings_of(Config)


class FileSettings(NamedTuple):
    """What the configuration file holds: checked values of its top level and its profiles."""

    path: str
    profile: str | None = None
    values: Mapping[str, object] = {}
    profiles: Mapping[str, Mapping[str, object]] = {}
    is_exposed: bool = False  # others than its owner may read the file


class Resolved(NamedTuple):
    """The configuration in force, where each value comes from, and the profile in use.

    `origins`: for people; they also tell who names the profile. `kinds`: for decisions.
    """

    config: Config
    origins: Mapping[str, str]
    kinds: Mapping[str, LayerKind]
    profile: str | None
    key: str | None  # the API key that may be sent to this server
    key_command: tuple[str, ...] | None  # prints the key for this server
    withheld: str | None  # where a key comes from that is for another server
    withheld_kind: LayerKind | None = None  # of the layer that has it

    @property
    def key_setting(self) -> str | None:
        """The setting that the key for this server comes from, None where there is no key."""
        if self.key:
            return "api_key"
        return "api_key_command" if self.key_command else None


def resolve(
    file: FileSettings,
    environ: Mapping[str, str],
    options: Mapping[str, object],
    profile: str | None = None,
) -> Resolved:
    """Lay all layers over each other. `options`: those that were given. `profile`: that of `-p`.

    Raises ConfigError for a value that is not allowed and a profile that is not there.
    """
    profile, named_by, named_in = _profile(file, environ, profile)
    flags = {name: f"option --{name.replace('_', '-')}" for name in options}
    variables = {name: entry.variable for name, entry in SETTINGS.items()}
    defaults = {name: entry.default for name, entry in SETTINGS.items()}
    demo = _DEMO if profile == DEMO_PROFILE else {}
    layers = [
        Layer(LayerKind.OPTION, options, flags),
        layer_of(LayerKind.DEMO, demo, f"built-in profile {DEMO_PROFILE}"),
        _environment(LayerKind.VARIABLE, environ, variables),
        _profile_layer(file, profile, named_by),
        _environment(LayerKind.SERVICE_VARIABLE, environ, _SERVICE_VARIABLES),
        layer_of(LayerKind.FILE, file.values, file.path),
        layer_of(LayerKind.DEFAULT, defaults, "default"),
    ]
    values, origins, kinds = merged(layers)
    chosen = choose_key(layers, str(values["base_url"]))
    origins[PROFILE], kinds[PROFILE] = named_by, named_in
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
    """Return a typed value of a setting as Config holds it. Raises ConfigError."""
    return _converted(setting_named(name, where), value, where, parse=False)


def parsed(name: str, text: str, where: str) -> object:
    """Return the value that a text means for a setting. Raises ConfigError."""
    return _converted(setting_named(name, where), text, where, parse=True)


def setting_named(name: str, where: str) -> Setting:
    """Return the setting of that name. Raises ConfigError with the likely meant one."""
    if name not in SETTINGS:
        shown = "of that name" if name.startswith("sk-") else repr(name)  # a misplaced key
        raise ConfigError(f"{where}: unknown setting {shown}", hint=did_you_mean(name, SETTINGS))
    return SETTINGS[name]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a hint at the likeliest of the names that exist, or the list of them all."""
    names = list(itertools.islice(names, _MOST_NAMES + 1))
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    more = ", ..." if len(names) > _MOST_NAMES else ""
    return f"choose from: {', '.join(names[:_MOST_NAMES])}{more}"


def _converted(entry: Setting, value: object, where: str, *, parse: bool) -> object:
    kind: ValueType = entry.kind
    try:
        return kind.parse(str(value)) if parse else kind.check(value)
    except (ValueError, RecursionError):
        told = f"{where}: {entry.name} {_shown(entry, value)}; must be {kind.description}"
        raise ConfigError(told) from None


def _shown(entry: Setting, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    # A key that slipped into another setting, or a URL with a password, is not repeated.
    if entry.secret or isinstance(value, dict | list) or "@" in text or _LIKE_A_KEY.search(text):
        return "is invalid"
    return f"is {text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + '…'}"


def _environment(
    kind: LayerKind, environ: Mapping[str, str], variables: Mapping[str, str]
) -> Layer:
    # An empty variable counts as unset, except where "" is a value (no system prompt). For the
    # key it is not: CI sets variables to "" for secrets that it lacks.
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
    except UnicodeEncodeError:  # it would show the value, which may be a key
        raise ConfigError(f"variable {variable}: the value is not UTF-8 text") from None
    return environ[variable]


def _profile(
    file: FileSettings, environ: Mapping[str, str], option: str | None
) -> tuple[str | None, str, LayerKind]:
    """Return the profile to use, who names it, and the kind of the layer that does."""
    if option:
        return option, "option --profile", LayerKind.OPTION
    if named := environ.get("SRCHAT_PROFILE"):
        return named, "variable SRCHAT_PROFILE", LayerKind.VARIABLE
    return file.profile or None, file.path, LayerKind.FILE


def _profile_layer(file: FileSettings, profile: str | None, named_by: str) -> Layer:
    if profile is None or (profile == DEMO_PROFILE and profile not in file.profiles):
        return layer_of(LayerKind.PROFILE, {}, "")
    if profile not in file.profiles:
        names = [*file.profiles, DEMO_PROFILE]
        raise ConfigError(f"{named_by}: no profile {profile!r}", hint=did_you_mean(profile, names))
    return layer_of(LayerKind.PROFILE, file.profiles[profile], f"profile {profile}")


def key_to_send(
    resolved: Resolved, run: Callable[[tuple[str, ...]], str] | None = None
) -> str | None:
    """Return the key for the Authorization header, None where none is needed.

    `run` runs the `api_key_command` and returns what it prints; it is called only when the
    key has to come from there and may be sent.
    Raises MissingKeyError where the service needs one, ConfigError where sending it would
    show it to the network.
    """
    config, key = resolved.config, resolved.key
    if config.base_url == DEMO_BASE_URL:
        return None
    if key is None and resolved.key_command is None:
        if same_origin(config.base_url, DEFAULT_BASE_URL):
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
