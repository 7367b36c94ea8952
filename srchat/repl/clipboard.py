"""Copies to the clipboard with a system tool, or through the terminal (OSC 52).

The escape sequence contains the text in base64, so the text cannot inject other sequences.
"""

import base64
import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

from srchat.api.surrogates import utf8_bytes
from srchat.terminal.streams import Output

_TOOL_TIMEOUT: Final = 3.0  # seconds
# Terminals truncate or ignore longer texts (xterm's limit is about 100,000 characters of base64).
_MAX_OSC52_BYTES: Final = 74_000

# Each tool, and the environment variable of the display that it needs.
_TOOLS: Final = (
    (("pbcopy",), None),
    (("wl-copy",), "WAYLAND_DISPLAY"),
    (("xclip", "-selection", "clipboard"), "DISPLAY"),
    (("xsel", "--clipboard", "--input"), "DISPLAY"),
)


def copy(text: str, environ: Mapping[str, str], screen: Output) -> str:
    """Copy a text to the clipboard. Return how ("with xclip"), or "" if there is no clipboard."""
    data = utf8_bytes(text)
    for command, variable in _TOOLS:
        if (variable is None or environ.get(variable)) and _copied(command, data, environ):
            return f"with {command[0]}"
    if not screen.can_move or len(data) > _MAX_OSC52_BYTES:
        return ""
    screen.write(f"\x1b]52;c;{base64.b64encode(data).decode('ascii')}\x07")
    return "through the terminal (OSC 52)"


def _copied(command: tuple[str, ...], data: bytes, environ: Mapping[str, str]) -> bool:
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        return False
    try:
        # Discard the output: these tools stay in the background and would keep a pipe open.
        done = subprocess.run(  # noqa: S603 - one of the tools above
            [program, *command[1:]],
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TOOL_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
