"""The settings: one field each; options, variables, `/set` and help come from it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from srchat.config.parameters import Parameters
from srchat.config.tables import Headers, Table, Variables
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
    setting,
    settings_of,
)

DEFAULT_BASE_URL: Final = "https://api.solidrust.ai/v1"
PROFILE: Final = "profile"  # top-level key of the file that names the default profile
DEMO_PROFILE: Final = "demo"
DEMO_BASE_URL: Final = "http://demo.invalid/v1"  # .invalid never resolves (RFC 6761)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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
    prompt: str | None = setting(
        NonEmptyString(),
        None,
        "prompt template with {placeholders}; @FILE reads it from a file",
        has_variable=False,
    )
    vars: Mapping[str, str] | None = setting(
        Variables(),
        None,
        "variables of the prompt template, by name",
        flags=("--var",),
        metavar="NAME=VALUE",
        has_variable=False,
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
        # Asked for when all settings are known.
        Parameters(lambda: (name for name, entry in SETTINGS.items() if entry.parameter)),
        None,
        "further parameters of the request, by name",
        flags=("--param",),
        metavar="NAME=VALUE",
    )
    headers: Mapping[str, str] | None = setting(
        Headers(), None, "headers to send with every request, by name", has_variable=False
    )
    stream: bool = setting(
        Boolean(),
        default=True,
        help="stream the answer as it is generated",
        in_chat=True,
        flags=("--stream/--no-stream",),
    )
    reasoning: str = setting(
        Choice(("summary", "show", "hide")),
        "summary",
        "what to show of the model's reasoning: summary, show or hide",
        in_chat=True,
        flags=("--reasoning",),
        metavar="WHAT",
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
        "patterns of fallback models, with or without provider and date; "
        "a warning is shown when one of them answers",
        in_chat=True,
    )
    color: str = setting(
        Choice(("auto", "always", "never")),
        "auto",
        "when to use colors: auto, always (also into a pipe, for less -R) or never",
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
TABLES: Final = {name: e for name, e in SETTINGS.items() if isinstance(e.value_type, Table)}
