"""The prompt template and the system prompt of a profile, which may be in files."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from srchat.attachments import Attachment, UserMessage, enclosed, user_message
from srchat.config import file as config_file
from srchat.config.layers import LayerKind
from srchat.config.locked_file import read_bytes
from srchat.config.profile_files import is_path
from srchat.config.resolution import FileSettings, Resolved
from srchat.config.toml_scanner import Keys, line_of
from srchat.errors import ConfigError, SrchatError, UsageError
from srchat.suggestions import closest
from srchat.template import UnsetPlaceholderError, filled, placeholders
from srchat.text_input import read_file

_HINTS: Final = {
    "input": "pipe text in, or attach a file with -f",
    "prompt": "add the words of your prompt to the command line",
}


class PromptTemplate(NamedTuple):
    """A prompt template: `{input}` is piped text and files, `{prompt}` the typed words.

    `path`: the file that contains it. `keys`: the path of its value in a TOML file, () for a text
    file.
    """

    text: str
    path: str
    keys: Keys = ()

    @property
    def takes_input(self) -> bool:
        """Whether it has a placeholder for piped text and files."""
        return "input" in placeholders(self.text)

    def check_variables(self, names: Sequence[str]) -> None:
        """Raise UsageError for a variable that the template does not use."""
        known = placeholders(self.text) - {"input", "prompt"}
        for name in names:
            if name not in known:
                close = closest(name, sorted(known))
                raise UsageError(
                    f"--var {name}: there is no {{{name}}} in the prompt template of {self.path}",
                    hint=f"did you mean {close!r}?" if close else "",
                )

    def message(
        self, words: str, attachments: Sequence[Attachment], variables: Mapping[str, str]
    ) -> UserMessage:
        """Return the message for a prompt. Raises UsageError for a placeholder without a value.

        Words or attachments without a placeholder are added as if there were no template. If the
        template has no `{prompt}` and there are no attachments, the words are its `{input}`.
        """
        names = placeholders(self.text)
        values = dict(variables)
        if attachments:
            values["input"] = _input_text(attachments)
        if words and "prompt" in names:
            values["prompt"] = words
        elif words and "input" in names and not attachments:
            values["input"] = words
        try:
            text = filled(self.text, values)
        except UnsetPlaceholderError as exc:
            raise self._error(exc) from exc
        if words not in (values.get("prompt"), values.get("input"), ""):
            text = f"{text}\n\n{words}"
        return UserMessage(text) if "input" in names else user_message(text, attachments)

    def _error(self, exc: UnsetPlaceholderError) -> UsageError:
        line = exc.line
        if self.keys:
            line = _line_in_toml(Path(self.path), self.keys, exc.name) or line
        hint = _HINTS.get(exc.name, f"set it with --var {exc.name}=TEXT, or in a table vars")
        return UsageError(f"{self.path}, line {line}: no value for {{{exc.name}}}", hint=hint)


def prompt_template(file: FileSettings, resolved: Resolved) -> PromptTemplate | None:
    """Return the effective prompt template. Raises ConfigError if its file cannot be read."""
    text = resolved.config.prompt
    if text is None:
        return None
    source = _Source(file, resolved, "prompt")
    if path := source.named_file(text):
        return PromptTemplate(source.read(path), str(path))
    return PromptTemplate(_unescaped(text), str(source.path), source.keys)


def system_prompt(file: FileSettings, resolved: Resolved) -> str | None:
    """Return the effective system prompt. Raises ConfigError if its file cannot be read."""
    text = resolved.config.system
    if text is None or resolved.kinds["system"] not in (LayerKind.PROFILE, LayerKind.FILE):
        return text  # an option was read already, a variable is plain text
    source = _Source(file, resolved, "system")
    path = source.named_file(text)
    return source.read(path) if path else _unescaped(text)


class _Source:
    """The TOML file that contains a setting. `@FILE` is relative to it."""

    def __init__(self, file: FileSettings, resolved: Resolved, name: str) -> None:
        profile = resolved.profile or ""
        self._name = name
        self._is_foreign = False
        self.path = Path(file.path)
        self.keys: Keys = (name,)
        if resolved.kinds[name] is not LayerKind.PROFILE:
            return
        if profile in file.profile_paths:
            self.path = Path(file.profile_paths[profile])
            self._is_foreign = is_path(profile)
        else:
            self.keys = ("profiles", profile, name)

    def named_file(self, text: str) -> Path | None:
        """Return the path of `@FILE`, None for any other text."""
        if not text.startswith("@") or text.startswith("@@"):
            return None
        return self.path.parent / os.path.expanduser(text[1:])  # noqa: PTH111 - Path.expanduser raises for ~nobody

    def read(self, path: Path) -> str:
        """Return the text of a file. Raises ConfigError."""
        folder = self.path.parent.resolve()
        if self._is_foreign and not path.resolve().is_relative_to(folder):
            raise ConfigError(f"{self.path}: {self._name} must name a file in {folder}")
        try:
            return read_file(str(path)).text.removesuffix("\n")
        except SrchatError as exc:
            raise ConfigError(f"{self.path}: {self._name}: {exc.message}") from exc


def _unescaped(text: str) -> str:
    """Return the text with a leading @@ replaced by @."""
    return text[1:] if text.startswith("@@") else text


def _input_text(attachments: Sequence[Attachment]) -> str:
    """Return the value of `{input}`, without trailing line breaks as in `$(...)`."""
    if [each.name for each in attachments] == ["stdin"]:
        return attachments[0].text.rstrip("\n")
    return enclosed(attachments)


def _line_in_toml(path: Path, keys: Keys, name: str) -> int:
    """Return the line of a placeholder in the value of `keys`, 0 if it is not found."""
    text = config_file.decoded(path, read_bytes(path) or b"")
    first = line_of(text, keys)
    lines = text.split("\n")[first - 1 :]
    return next((n for n, line in enumerate(lines, first) if f"{{{name}}}" in line), first)
