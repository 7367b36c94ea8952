"""`srchat chat` on a real pseudo-terminal that answers as terminals do."""

import termios
from typing import Any

from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import ScriptedServer

ENTER = "\r"
CTRL_C, CTRL_D, CTRL_R, CTRL_Z = "\x03", "\x04", "\x12", "\x1a"
UP, DOWN, ESC = "\x1b[A", "\x1b[B", "\x1b"


def answering(session: TerminalSession) -> None:
    """Let a terminal tell where its cursor is when it is asked."""
    session.terminal._screen.write_process_input = session.type  # type: ignore[method-assign,assignment] # left open by pyte


class ChatTerminal(TerminalSession):
    """A terminal with a chat on it; it tells where the cursor is when it is asked."""

    def __init__(
        self, srchat: Srchat, url: str, *args: str, size: tuple[int, int] = (80, 24), **env: str
    ) -> None:
        where = ("--base-url", url) if url else ()
        command = srchat.command("chat", *where, *args)
        super().__init__(command, srchat.env | env, *size, cwd=str(srchat.home), forked=True)
        answering(self)

    def wait_for_prompt(self) -> None:
        """Wait until the last line but the status line is an empty prompt."""
        self.wait_for(lambda session: session.is_at_prompt, "an empty prompt")

    @property
    def is_at_prompt(self) -> bool:
        """Whether the cursor stands behind an empty prompt."""
        cursor = self.terminal._screen.cursor
        return cursor.x == 2 and self.terminal.screen[cursor.y] == ">"

    def say(self, line: str) -> None:
        """Type a line at the prompt, once it is there."""
        self.wait_for_prompt()
        self.type(line + ENTER)

    def paste(self, text: str) -> None:
        """Paste text, marked as a paste."""
        self.type("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def run(self, line: str) -> str:
        """Type a line and return all that is shown of it when the next prompt is there."""
        self.wait_for_prompt()
        before = len(self.above)
        self.type(line + ENTER)
        self.wait_for(
            lambda _: len(self.above) > before and self.is_at_prompt, f"the end of {line}"
        )
        return "\n".join(self.above[before:])

    @property
    def above(self) -> list[str]:
        """All lines above the one with the cursor."""
        row = self.terminal._screen.cursor.y
        return self.terminal.scrollback + self.terminal.screen[:row]

    @property
    def row(self) -> int:
        """The row of the screen that the cursor stands in."""
        return int(self.terminal._screen.cursor.y)

    @property
    def status(self) -> str:
        """The status line, "" without one."""
        last = self.terminal.screen[-1].strip()
        return last if "·" in last else ""

    @property
    def text(self) -> str:
        """All that is shown."""
        return "\n".join(self.lines)

    @property
    def echoes(self) -> bool:
        """Whether the terminal's driver echoes and edits lines, as a shell wants it."""
        modes = termios.tcgetattr(self._fd)[3]
        return bool(modes & termios.ECHO and modes & termios.ICANON)

    def leave(self) -> int:
        """Press Ctrl-D at an empty prompt and return the exit code."""
        self.wait_for_prompt()
        self.type(CTRL_D)
        return self.wait()


def sent(server: ScriptedServer, place: int = -1) -> list[tuple[str, str]]:
    """Roles and contents of the messages array of a request."""
    messages: list[dict[str, Any]] = server.requests[place].json["messages"]
    return [(message["role"], message["content"]) for message in messages]


def is_well_formed(messages: list[tuple[str, str]]) -> bool:
    """Whether roles alternate after the system prompt, the user last, and nothing is empty."""
    roles = [role for role, _ in messages]
    if roles[:1] == ["system"]:
        roles = roles[1:]
    expected = ["user", "assistant"] * (len(roles) // 2) + ["user"]
    return roles == expected and all(content.strip() for _, content in messages)
