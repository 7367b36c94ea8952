"""The variables and files in the manual, and the pages that mention them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from tools.generate.command_tree import Command


class Traits(NamedTuple):
    """Properties of a command, derived from its options and its subcommands."""

    options: frozenset[str]
    sends_requests: bool
    uses_history: bool
    uses_editor: bool
    names: frozenset[str]  # of the command and its subcommands


def traits_of(command: Command) -> Traits:
    """Return the properties of a command."""
    commands = command.walk()
    options = frozenset(option.name for sub in commands for option in sub.options)
    names = frozenset(sub.name for sub in commands)
    return Traits(
        options=options,
        sends_requests="base_url" in options,
        uses_history="no_save" in options or "history" in names,
        uses_editor="editor" in options or bool(names & {"edit", "chat"}),
        names=names,
    )


class Named(NamedTuple):
    """A variable or a file, its description, and the commands that use it."""

    name: str
    help: str
    applies_to: Callable[[Traits], bool]


def _all(_: Traits) -> bool:
    return True


def _sends_requests(traits: Traits) -> bool:
    return traits.sends_requests


def _asks_models(traits: Traits) -> bool:
    return "model" in traits.options


def _uses_history(traits: Traits) -> bool:
    return traits.uses_history


def _can_chat(traits: Traits) -> bool:
    return "chat" in traits.names


VARIABLES: Final = (
    Named("SRCHAT_CONFIG", "Path of the configuration file.", _all),
    Named(
        "SRCHAT_DATA",
        "Directory of the stored conversations.",
        _uses_history,
    ),
    Named(
        "SRCHAT_CONVERSATION",
        "Name of the conversation to continue or start, if no option chooses one.",
        lambda traits: "conversation" in traits.options,
    ),
    Named("SRCHAT_PROFILE", "Profile to use if no option names one.", _all),
    Named(
        "SOLIDRUST_API_KEY, SOLIDRUST_BASE_URL",
        "Key and base URL of the SolidRusT AI API; a profile with its own base URL takes "
        "precedence.",
        _sends_requests,
    ),
    Named(
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "Proxies, and the hosts, domains and networks to reach without one.",
        _sends_requests,
    ),
    Named(
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "File and directory of trusted certificate authorities; they replace the system's.",
        _sends_requests,
    ),
    Named(
        "VISUAL, EDITOR",
        "Editor command; `vi` if neither is set.",
        lambda traits: traits.uses_editor,
    ),
    Named(
        "PAGER",
        "Pager for output longer than the screen; `less` if not set.",
        lambda traits: "history" in traits.names,
    ),
    Named("NO_COLOR", "If not empty, disable colors.", _uses_history),
    Named("FORCE_COLOR", "If not empty, enable colors on any terminal.", _uses_history),
    Named(
        "XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME",
        "Directories to use instead of `~/.config`, `~/.local/share` and `~/.cache`.",
        _all,
    ),
    Named("SRCHAT_DEBUG", "If `1`, print a traceback with each error.", _all),
)

# The settings without an option, and the commands that use them.
SETTINGS_WITHOUT_OPTION: Final = {
    "api_key": _sends_requests,
    "api_key_command": _sends_requests,
    "allow_http": _sends_requests,
    "history": _asks_models,
    "context_window": _asks_models,
    "fallback_models": _asks_models,
    "bell": _asks_models,
    "code_theme": _uses_history,
    "keys": _can_chat,
}

FILES: Final = (
    Named(
        "~/.config/srchat/config.toml",
        "Configuration file, see `srchat-config`(5). On macOS it is in `~/Library/Application "
        "Support/srchat`; `srchat config path` prints its path.",
        _all,
    ),
    Named(
        "~/.local/share/srchat/history.db",
        "Stored conversations, an SQLite database. A copy of it is a backup. Before you restore "
        "one, delete `history.db-wal` and `history.db-shm`, which a killed srchat leaves behind.",
        _uses_history,
    ),
    Named(
        "~/.local/share/srchat/typed_lines",
        "Prompts typed in chats.",
        _can_chat,
    ),
    Named(
        "~/.cache/srchat/models-*",
        "Names of each server's models, for completion.",
        lambda traits: "models" in traits.names,
    ),
)
