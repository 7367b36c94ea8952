"""The settings and their values, for completion and manual."""

from typing import Final

from srchat.config.settings import PROFILE, SETTINGS
from srchat.config.toml_edit import toml_value
from srchat.config.value_types import Boolean, Choice, NonEmptyString, Setting, String
from tools.generate.command_tree import Values

HELP: Final = {
    **{name: entry.help for name, entry in SETTINGS.items()},
    PROFILE: "the profile to use when none is named",
}
NAMES: Final = tuple(HELP)
# Values of settings for completion: fixed words, or names from srchat.
WORDS: Final = {
    entry.name: entry.value_type.words
    if isinstance(entry.value_type, Choice)
    else ("true", "false")
    for entry in SETTINGS.values()
    if isinstance(entry.value_type, (Choice, Boolean))
}
DYNAMIC: Final = {"model": Values.MODELS, PROFILE: Values.PROFILES}


def allowed(entry: Setting) -> str:
    """Return the sentence about allowed values, "" if any text is, or if the help has them."""
    if type(entry.value_type) in (String, NonEmptyString):
        return ""
    if isinstance(entry.value_type, Choice) and all(
        w in entry.help for w in entry.value_type.words
    ):
        return ""
    return f"Must be {entry.value_type.description}."


def default(entry: Setting) -> str:
    """Return the sentence about the default, "" if there is none."""
    if entry.default is None:
        return ""
    return f"The default is `{toml_value(entry.default).removesuffix('.0')}`."
