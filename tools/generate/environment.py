"""The variables and the files that the manual names, and which page needs which."""

from collections.abc import Callable
from typing import Final, NamedTuple

from tools.generate.command_tree import Command


class Traits(NamedTuple):
    """What a command does, as its options and those of the commands below it tell."""

    options: frozenset[str]
    talks: bool  # to the server
    stores: bool  # conversations
    edits: bool  # in the user's editor
    names: frozenset[str]  # of the commands


def traits_of(command: Command) -> Traits:
    """Return what a command does."""
    below = command.walk()
    options = frozenset(option.name for sub in below for option in sub.options)
    names = frozenset(sub.name for sub in below)
    return Traits(
        options=options,
        talks="base_url" in options,
        stores="no_save" in options or "history" in names,
        edits="editor" in options or bool(names & {"edit", "chat"}),
        names=names,
    )


class Named(NamedTuple):
    """A variable or a file, what it means, and the commands that it concerns."""

    name: str
    help: str
    concerns: Callable[[Traits], bool]


def _all(_: Traits) -> bool:
    return True


def _talks(traits: Traits) -> bool:
    return traits.talks


def _asks(traits: Traits) -> bool:
    return "model" in traits.options


def _stores(traits: Traits) -> bool:
    return traits.stores


def _chats(traits: Traits) -> bool:
    return "chat" in traits.names


VARIABLES: Final = (
    Named("SRCHAT_CONFIG", "The path of the configuration file, in place of the usual one.", _all),
    Named(
        "SRCHAT_DATA",
        "The directory of the stored conversations, in place of the usual one.",
        _stores,
    ),
    Named("SRCHAT_PROFILE", "The profile to use, when no option names one.", _all),
    Named(
        "SOLIDRUST_API_KEY, SOLIDRUST_BASE_URL",
        "Key and server of that service; a profile with a server of its own takes precedence.",
        _talks,
    ),
    Named(
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "The proxy to go through, and the hosts, domains and networks that need none.",
        _talks,
    ),
    Named(
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "The file, the directory of certificate authorities, each in place of the system's.",
        _talks,
    ),
    Named(
        "VISUAL, EDITOR",
        "The editor, with its arguments; `vi` where neither is set.",
        lambda traits: traits.edits,
    ),
    Named(
        "PAGER",
        "What shows a list that is longer than the screen; `less` where it is not set.",
        lambda traits: "history" in traits.names,
    ),
    Named("NO_COLOR", "If it is not empty, nothing is coloured.", _stores),
    Named(
        "XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME",
        "The directories that stand in place of `~/.config`, `~/.local/share` and `~/.cache`.",
        _all,
    ),
    Named("SRCHAT_DEBUG", "If it is `1`, a failure is told with its traceback.", _all),
)

# The settings that have no option, and whom they concern.
SETTINGS_WITHOUT_OPTION: Final = {
    "api_key": _talks,
    "api_key_command": _talks,
    "allow_http": _talks,
    "history": _asks,
    "context_window": _asks,
    "fallback_models": _asks,
    "code_theme": _stores,
    "keys": _chats,
}

FILES: Final = (
    Named(
        "~/.config/srchat/config.toml",
        "The configuration, see `srchat-config`(5). On macOS it is in `~/Library/Application "
        "Support/srchat`; `srchat config path` tells.",
        _all,
    ),
    Named(
        "~/.local/share/srchat/history.db",
        "The stored conversations, an SQLite database. A copy of it is a backup. Before one is put "
        "back, delete `history.db-wal` and `history.db-shm`, which a killed srchat leaves.",
        _stores,
    ),
    Named(
        "~/.local/share/srchat/typed_lines",
        "The lines that were typed in chats.",
        _chats,
    ),
    Named(
        "~/.cache/srchat/models-*",
        "The names of the models that each server offered last, for completion.",
        lambda traits: "models" in traits.names,
    ),
)
