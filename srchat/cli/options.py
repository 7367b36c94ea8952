"""Options that several commands share.

Those that are settings are derived from the table in `srchat.config.settings`.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import typer

from srchat.config.settings import SETTINGS
from srchat.config.tables import Table
from srchat.config.value_types import Boolean, Setting, StringList
from srchat.text_input import argument_text, text_or_file

Function = TypeVar("Function", bound=Callable[..., Any])

_HELP = {
    "system": "System prompt; @FILE reads it from a file, @@ starts a text with @.",
    "stop": "Stop sequence (repeatable).",
    "vars": "Set a variable of the prompt template (repeatable).",
    "params": "Add a parameter to the request; VALUE is JSON or text (repeatable).",
}


def with_request_options(command: Function) -> Function:
    """Add the options of the request at the start, and those of the connection at the end.

    The command receives them as `**settings` and reads them from `ctx.params`.
    """
    return _with_options(command, [e for e in SETTINGS.values() if e.flags])


def with_parameter_options(command: Function) -> Function:
    """Add the options of the request body to a command."""
    named = ("model", "system", "vars", "params")
    entries = [e for e in SETTINGS.values() if e.flags and (e.parameter or e.name in named)]
    return _with_options(command, entries)


def with_connection_options(command: Function) -> Function:
    """Add the options of the connection to a command."""
    return _with_options(command, [e for e in SETTINGS.values() if e.flags and e.connection])


def with_color_option(command: Function) -> Function:
    """Add `--color` to a command that shows stored answers."""
    return _with_options(command, [], [SETTINGS["color"]])


def _with_options(
    command: Function, entries: Sequence[Setting], at_end: Sequence[Setting] = ()
) -> Function:
    parameters = inspect.signature(command).parameters.values()
    arguments = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    own = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    first = [_parameter(entry) for entry in entries if not entry.connection]
    last = [_parameter(entry) for entry in entries if entry.connection]
    last += map(_parameter, at_end)
    signature = inspect.Signature([*arguments, *first, *own, *last])
    command.__signature__ = signature  # type: ignore[attr-defined] # read by inspect, for Typer
    command.__annotations__ |= {p.name: p.annotation for p in [*first, *last]}
    return command


def _parameter(entry: Setting) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(entry.name, kind, default=None, annotation=_option(entry))


def _option(entry: Setting) -> Any:  # noqa: ANN401 - an annotation
    help_ = _HELP.get(entry.name) or f"{entry.help[0].upper()}{entry.help[1:]}."
    if isinstance(entry.value_type, Boolean):
        return Annotated[bool | None, typer.Option(*entry.flags, help=help_, show_default=False)]
    option = typer.Option(
        *entry.flags, parser=_parser(entry), metavar=entry.metavar, help=help_, show_default=False
    )
    if type(entry.value_type) is StringList or isinstance(entry.value_type, Table):
        return Annotated[list[str] | None, option]
    return Annotated[str | None, option]


def _parser(entry: Setting) -> Callable[[str], Any]:
    value_type = entry.value_type
    if entry.name == "system":
        return text_or_file

    def parse(text: str) -> object:
        try:
            if type(value_type) is StringList:
                value_type.check(argument_text(text))  # one item of the list
                return text
            return value_type.parse(argument_text(text))
        except ValueError:
            meant = value_type.suggestion(text)
            wanted = f"did you mean {meant}?" if meant else f"must be {value_type.description}"
            raise typer.BadParameter(f"{text!r}; {wanted}") from None

    return parse


Files = Annotated[
    list[str] | None,
    typer.Option("-f", "--file", metavar="PATH", help="Attach a text file (repeatable)."),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "-p",
        "--profile",
        metavar="NAME",
        help="Use a profile: a name or a path ending in .toml; `demo` is built in.",
    ),
]
Continue = Annotated[
    bool, typer.Option("-c", "--continue", help="Continue the most recent conversation.")
]
ConversationId = Annotated[
    str | None,
    typer.Option(
        "--conversation", metavar="ID", help="Continue the conversation whose ID starts with this."
    ),
]
ConversationName = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Continue the conversation NAME, or start it."),
]
NoSave = Annotated[bool, typer.Option("--no-save", help="Do not store the conversation.")]
ShowUsage = Annotated[bool, typer.Option("--usage", help="Print tokens, time and speed to stderr.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Suppress warnings.")]
Verbose = Annotated[
    bool,
    typer.Option("-v", "--verbose", help="Log requests and responses to stderr, without the key."),
]
