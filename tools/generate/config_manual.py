"""The manual page of the configuration file, generated from the table of settings. Pure."""

from typing import Final

from srchat.config.settings import SETTINGS
from srchat.config.value_types import Setting
from tools.generate.command_tree import Command, paragraphs
from tools.generate.environment import FILES
from tools.generate.roff import (
    bold,
    example,
    head,
    italic,
    item,
    paragraph,
    section,
    see_also,
    sentence,
)
from tools.generate.setting_values import HELP, allowed, default

_DESCRIPTION: Final = """
`srchat`(1) reads its settings from one TOML file. `srchat config set` changes a setting and keeps
the rest of the file, including comments. `srchat config show` prints the origin of each value.
Only the owner can read the file.

In order of precedence: command-line options; variables `SRCHAT_NAME`; the profile in use;
`SOLIDRUST_API_KEY` and `SOLIDRUST_BASE_URL`; the top level of the file; defaults. An empty
variable counts as unset, except `SRCHAT_SYSTEM`: empty, it means no system prompt.

In a variable, a list is written as in the file, `["a", "b"]`, or as a single string. The words of
`SRCHAT_API_KEY_COMMAND` may be quoted as in a shell.
"""
_PARAMETERS: Final = """
The table `[params]` adds parameters to every request, `[profiles.NAME.params]` to those of a
profile. Values are sent as they are. Parameters of several sources are merged by name. Not
allowed are those with a setting of their own (model, messages, stream, temperature, top_p,
max_tokens, stop), and stream_options, n and tools.

    srchat config set params.seed 7
"""
_PROFILES: Final = """
A table `[profiles.NAME]` can contain any setting. Select it with the option `--profile NAME`, the
variable `SRCHAT_PROFILE`, or the setting `profile` at the top level of the file.

A file `profiles.d/NAME.toml` beside the configuration file is the profile NAME, too: its settings
stand at the top level. The option `--profile` also takes the path of such a file. A profile given
by its path may not set `base_url`, `api_key`, `api_key_command`, `headers` or `allow_http`, and
reads files only from its own directory, so a file from a repository cannot choose where a key is
sent.

The profile `demo` is built in: a small program inside srchat answers, without a key or a network.
"""
_TEMPLATES: Final = """
The setting `prompt` makes a profile a template: it is sent as the first prompt, with text in place
of the placeholders. `{input}` is the text of standard input and of attached files, `{prompt}` the
words of the prompt, and `{NAME}` a variable: the value of `--var NAME=TEXT`, or of the table
`[profiles.X.vars]`. A placeholder without a value is an error, and nothing is sent. Where the
template has no `{prompt}`, words are added at its end, or are the input if there is no other.
Where it has no `{input}`, attachments stand before it, and standard input is read only if it is a
file or has data at once.

A placeholder is an identifier in braces; `{{NAME}}` is the text {NAME}. Other braces are text. In
a chat, the template is used for the first prompt of a conversation.

`prompt = "@FILE"` and `system = "@FILE"` read a file; the path is relative to the configuration
file. `@@` starts a text with @.

    git diff --staged | srchat ask -p commit
"""
_HEADERS: Final = """
The table `[headers]`, or `[profiles.NAME.headers]`, adds headers to every request. They are
treated like keys: sent only to the server that was configured in the same place, masked by
`srchat config show`, and set only in the file. Values that look like secrets, or whose names do
(X-Api-Key, Cookie), are taken out of every message. Authorization, Host, Accept-Encoding,
Content-* and headers about the connection are not allowed.
"""
_KEY: Final = """
A key is sent only to the server that was configured in the same place: a profile with its own
`base_url` uses its own `api_key` or `api_key_command`. Keys are not accepted on the command line,
where other users can see them. Listings show at most the last four characters of a key, and only
the program of `api_key_command`.

`api_key_command` runs without a shell, and only when a request is about to be sent. Its standard
error is that of srchat, so it can ask on the terminal; its standard input is empty. It runs once,
and in a chat again after the server refuses the key, which may have expired. A key set in the
file in the meantime is then used, too.
"""
_EXAMPLE: Final = """\
model = "vllm-primary"

[profiles.commit]                      # git diff --staged | srchat ask -p commit
prompt = "Write a commit message for this diff. Answer with the message only.\\n\\n{input}"
temperature = 0.2

[profiles.local]
base_url = "http://127.0.0.1:8000/v1"
model = "qwen3-4b"
"""
_UNSET: Final = "Unset by default."


def page(tree: Command, names: list[str]) -> str:
    """Return the page."""
    flags = _flags(tree)
    settings = [_setting(entry, flags) for entry in SETTINGS.values()]
    profile = _item("profile", _UNSET, "SRCHAT_PROFILE", flags)
    file = item(italic(FILES[0].name), ["Default path; `SRCHAT_CONFIG` overrides it."])
    lines = [
        *head("srchat-config", 5, "configuration file of srchat"),
        *section("DESCRIPTION", _paragraphs(_DESCRIPTION)),
        *section("SETTINGS", [*(line for entry in settings for line in entry), *profile]),
        *section("PARAMETERS", _paragraphs(_PARAMETERS)),
        *section("PROFILES", _paragraphs(_PROFILES)),
        *section("TEMPLATES", _paragraphs(_TEMPLATES)),
        *section("HEADERS", _paragraphs(_HEADERS)),
        *section("THE KEY", _paragraphs(_KEY)),
        *section("EXAMPLES", example(*_EXAMPLE.splitlines())),
        *section("FILES", file),
        *see_also(name for name in names if name != "srchat-config(5)"),
    ]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> list[str]:
    return [line for part in paragraphs(text) for line in paragraph(part)]


def _flags(tree: Command) -> dict[str, str]:
    """Return the options of each setting."""
    return {
        option.name: ", ".join(f"`{flag}`" for flag in (*option.flags, *option.opposites))
        for command in tree.walk()
        for option in command.options
    }


def _setting(entry: Setting, flags: dict[str, str]) -> list[str]:
    values = f"{allowed(entry)} {default(entry) or _UNSET}".lstrip()
    return _item(entry.name, values, entry.variable, flags)


def _item(name: str, values: str, variable: str, flags: dict[str, str]) -> list[str]:
    option = f"option {flags[name]}" if name in flags else "no option"
    about = f"{sentence(HELP[name])} {values}"
    from_environment = f"Variable `{variable}`" if variable else "No variable"
    return item(bold(name), [about, f"{from_environment}; {option}."])
