"""Exports conversations as one HTML page without scripts or requests, in light and dark colors."""

import html
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from srchat.conversation import Conversation, TurnRecord
from srchat.markdown.html import markdown_html
from srchat.terminal.sanitize import one_line, sanitized
from srchat.theme import PAGE, PAGE_CODE_COLORS

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_STYLE: Final = """
:root { color-scheme: light dark; @LIGHT@ }
@media (prefers-color-scheme: dark) { :root { @DARK@ } }
body { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem; color: var(--text);
  background: var(--page); font: 16px/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, h4, h5, h6 { line-height: 1.3; }
article { margin: 1.5rem 0; }
article > header, figcaption, time { color: var(--dim); font-size: .85rem; }
.prompt { white-space: pre-wrap; background: var(--soft); border-left: 3px solid var(--line);
  padding: .6rem .9rem; border-radius: 4px; }
pre { background: var(--soft); padding: .8rem; border-radius: 6px; overflow-x: auto; }
code { font: .9em/1.5 ui-monospace, monospace; }
figure { margin: 1rem 0; } figcaption { text-align: right; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; }
blockquote { margin-left: 0; padding-left: 1rem; border-left: 3px solid var(--line); }
a { color: var(--cyan); } hr { border: 0; border-top: 1px solid var(--line); }
.bold { font-weight: 600 } .italic { font-style: italic } .dim { color: var(--dim) }
@COLORS@
@media print { pre, .prompt { white-space: pre-wrap; break-inside: avoid-page; } }
"""


def to_html(
    conversations: Iterable[Conversation], format_time: Callable[[float], str]
) -> Iterator[str]:
    """Yield the page with the current branch of each conversation, in pieces."""
    yield (
        '<!DOCTYPE html>\n<html lang="">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>Conversations</title>\n"
        f"<style>{_style()}</style>\n</head>\n<body>\n"
    )
    for conversation in conversations:
        yield from _conversation(conversation, format_time)
    yield "</body>\n</html>\n"


def _style() -> str:
    light = " ".join(f"--{name}: {color};" for name, (color, _) in PAGE.items())
    dark = " ".join(f"--{name}: {color};" for name, (_, color) in PAGE.items())
    colors = "\n".join(f".{name} {{ color: var(--{name}) }}" for name in PAGE_CODE_COLORS)
    return _STYLE.replace("@LIGHT@", light).replace("@DARK@", dark).replace("@COLORS@", colors)


def _conversation(conversation: Conversation, format_time: Callable[[float], str]) -> Iterator[str]:
    title = one_line(conversation.title) or "Conversation"
    started = format_time(conversation.created_at)
    yield f"<main>\n<h1>{html.escape(title)}</h1>\n<time>{html.escape(started)}</time>\n"
    if conversation.system:
        yield _article("system", _text(conversation.system))
    for turn in conversation.branch:
        yield _article(f"you, {format_time(turn.asked_at)}", _text(turn.prompt))
        yield _article(turn.served_model or turn.model or "answer", _reply(turn))
    yield "</main>\n"


def _reply(turn: TurnRecord) -> str:
    reply = markdown_html(turn.reply)
    if turn.complete:
        return reply
    return f"{reply}<p><em>{html.escape(one_line(f'incomplete: {turn.reason}'))}</em></p>\n"


def _article(heading: str, body: str) -> str:
    return f"<article>\n<header>{html.escape(one_line(heading))}</header>\n{body}</article>\n"


def _text(text: str) -> str:
    return f'<div class="prompt">{html.escape(sanitized(text))}</div>\n'
