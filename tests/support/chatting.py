"""`srchat chat` on a pseudo-terminal that answers queries like a real one."""

import termios
from typing import Any

from tests.conftest import Serve, Srchat
from tests.support.pseudo_terminal import TerminalSession
from tests.support.server import ScriptedServer, answer

ENTER = "\r"
CTRL_C, CTRL_D, CTRL_R, CTRL_Z = "\x03", "\x04", "\x12", "\x1a"
UP, DOWN, ESC = "\x1b[A", "\x1b[B", "\x1b"


def answer_cursor_queries(session: TerminalSession) -> None:
    """Let the terminal answer cursor position queries."""
    session.terminal._screen.write_process_input = session.type  # type: ignore[method-assign,assignment] # a hook of pyte


class ChatTerminal(TerminalSession):
    """A terminal that runs `srchat chat` and answers cursor position queries."""

    def __init__(
        self, srchat: Srchat, url: str, *args: str, size: tuple[int, int] = (80, 24), **env: str
    ) -> None:
        options = ("--base-url", url) if url else ()
        command = srchat.command("chat", *options, *args)
        super().__init__(command, srchat.env | env, *size, cwd=str(srchat.home), forked=True)
        answer_cursor_queries(self)

    def wait_for_prompt(self) -> None:
        """Wait until the cursor is at an empty prompt."""
        self.wait_for(lambda session: session.is_at_prompt, "an empty prompt")

    @property
    def is_at_prompt(self) -> bool:
        """Whether the cursor is at an empty prompt."""
        cursor = self.terminal._screen.cursor
        return cursor.x == 2 and self.terminal.screen[cursor.y] == ">"

    def say(self, line: str) -> None:
        """Wait for the prompt, then type a line."""
        self.wait_for_prompt()
        self.type(line + ENTER)

    def paste(self, text: str) -> None:
        """Paste text as a bracketed paste."""
        self.type("\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~")

    def run(self, line: str) -> str:
        """Type a line, wait for the next prompt, and return the lines shown until then."""
        self.wait_for_prompt()
        before = len(self.above)
        self.type(line + ENTER)
        self.wait_for(
            lambda _: len(self.above) > before and self.is_at_prompt, f"the end of {line}"
        )
        return "\n".join(self.above[before:])

    @property
    def above(self) -> list[str]:
        """All lines above the cursor, scrollback included."""
        row = self.terminal._screen.cursor.y
        return self.terminal.scrollback + self.terminal.screen[:row]

    @property
    def row(self) -> int:
        """The screen row of the cursor."""
        return int(self.terminal._screen.cursor.y)

    @property
    def status(self) -> str:
        """The status line, or ""."""
        last = self.terminal.screen[-1].strip()
        return last if "·" in last else ""

    @property
    def text(self) -> str:
        """All lines, joined."""
        return "\n".join(self.lines)

    @property
    def echoes(self) -> bool:
        """Whether the terminal driver echoes input and edits lines, as in a shell."""
        modes = termios.tcgetattr(self._fd)[3]
        return bool(modes & termios.ECHO and modes & termios.ICANON)

    def leave(self) -> int:
        """Press Ctrl-D at an empty prompt and return the exit code."""
        self.wait_for_prompt()
        self.type(CTRL_D)
        return self.wait()


def sent_messages(server: ScriptedServer, index: int = -1) -> list[tuple[str, str]]:
    """Return the role and content of each message of a request."""
    messages: list[dict[str, Any]] = server.requests[index].json["messages"]
    return [(message["role"], message["content"]) for message in messages]


def is_well_formed(messages: list[tuple[str, str]]) -> bool:
    """Tell whether roles alternate after the system prompt, end with user, and none is blank."""
    roles = [role for role, _ in messages]
    if roles[:1] == ["system"]:
        roles = roles[1:]
    expected = ["user", "assistant"] * (len(roles) // 2) + ["user"]
    return roles == expected and all(content.strip() for _, content in messages)


def chat_on(srchat: Srchat, serve: Serve, *answers: str, **env: str) -> ChatTerminal:
    return ChatTerminal(
        srchat, serve(*map(answer, answers or ("Fine.",))).url, size=(80, 24), **env
    )
