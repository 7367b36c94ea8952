"""The options that commands share, each declared once.

Help, ranges and parsing of those that are settings come from the table in `srchat.config.settings`.
"""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from srchat.config.settings import SETTINGS
from srchat.prompt import argument_text, text_or_file


def _setting(name: str, *flags: str, metavar: str, help: str = "") -> Any:  # noqa: ANN401 - as typer.Option
    return typer.Option(
        *flags, parser=_parser(name), metavar=metavar, help=help or _sentence(name),
        show_default=False,
    )  # fmt: skip


def _sentence(name: str) -> str:
    """Return a setting's help, as the help of an option is written."""
    text = SETTINGS[name].help
    return f"{text[0].upper()}{text[1:]}."


def _parser(name: str) -> Callable[[str], Any]:
    kind = SETTINGS[name].kind

    def parse(text: str) -> object:
        try:
            return kind.parse(argument_text(text))
        except ValueError:
            raise typer.BadParameter(f"{text!r}; allowed is {kind.description}") from None

    return parse


def _stop_text(text: str) -> str:
    kind = SETTINGS["stop"].kind
    try:
        kind.check(argument_text(text))
    except ValueError:
        raise typer.BadParameter(f"{text!r}; allowed is {kind.description}") from None
    return text


Model = Annotated[str | None, _setting("model", "-m", "--model", metavar="MODEL")]
System = Annotated[
    str | None,
    typer.Option(
        "-s",
        "--system",
        parser=text_or_file,
        metavar="TEXT",
        help="The system prompt; @FILE reads it from a file, @@ begins a text with one @.",
    ),
]
Temperature = Annotated[
    float | None, _setting("temperature", "-t", "--temperature", metavar="0..2")
]
TopP = Annotated[float | None, _setting("top_p", "--top-p", metavar="0..1")]
MaxTokens = Annotated[int | None, _setting("max_tokens", "--max-tokens", metavar="N")]
Stop = Annotated[
    list[str] | None,
    typer.Option(
        "--stop",
        parser=_stop_text,
        metavar="TEXT",
        help="Stop the answer at this text (repeatable).",
    ),
]
Stream = Annotated[
    bool | None,
    typer.Option("--stream/--no-stream", help=_sentence("stream"), show_default=False),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "-f", "--file", metavar="PATH", help="Put a text file into the message (repeatable)."
    ),
]
Profile = Annotated[
    str | None,
    typer.Option("-p", "--profile", metavar="NAME", help="Use this profile; `demo` is built in."),
]
BaseUrl = Annotated[str | None, _setting("base_url", "--base-url", metavar="URL")]
Timeout = Annotated[float | None, _setting("timeout", "--timeout", metavar="SECONDS")]
Retries = Annotated[int | None, _setting("retries", "--retries", metavar="N")]
MaxWait = Annotated[float | None, _setting("max_wait", "--max-wait", metavar="SECONDS")]
Continue = Annotated[
    bool, typer.Option("-c", "--continue", help="Continue the conversation that was used last.")
]
ConversationId = Annotated[
    str | None,
    typer.Option(
        "--conversation", metavar="ID", help="Continue this one; the beginning of its id will do."
    ),
]
NoSave = Annotated[bool, typer.Option("--no-save", help="Keep nothing of this on disk.")]
ShowUsage = Annotated[
    bool, typer.Option("--usage", help="A line about tokens, time and speed on standard error.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No notices, only errors.")]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Tell what goes over the wire; never the key.")
]
