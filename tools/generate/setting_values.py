"""The settings and their values, for completion and manual."""

from typing import Final

from srchat.config.settings import PROFILE, SETTINGS
from srchat.config.toml_edit import toml_value
from srchat.config.value_types import Choice, Flag, Name, Setting, Text
from tools.generate.command_tree import Values

HELP: Final = {
    **{name: entry.help for name, entry in SETTINGS.items()},
    PROFILE: "the profile to use when none is named",
}
NAMES: Final = tuple(HELP)
# What a setting can be: one of a few words, or a name that srchat is asked for.
WORDS: Final = {
    entry.name: entry.kind.words if isinstance(entry.kind, Choice) else ("true", "false")
    for entry in SETTINGS.values()
    if isinstance(entry.kind, (Choice, Flag))
}
ASKED: Final = {"model": Values.MODELS, PROFILE: Values.PROFILES}


def allowed(entry: Setting) -> str:
    """Return the sentence about allowed values; "" for any text."""
    return "" if type(entry.kind) in (Text, Name) else f"Must be {entry.kind.description}."


def default(entry: Setting) -> str:
    """Return the sentence about the default; "" for none."""
    if entry.default is None:
        return ""
    return f"The default is `{toml_value(entry.default).removesuffix('.0')}`."
