"""What the manual says beyond the help: more words about commands, and examples that run."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Prose:
    """`more`: what follows the help. `examples`: what one does, and the command for it."""

    more: str = ""
    examples: tuple[tuple[str, str], ...] = ()


PROSE: Final = {
    "srchat": Prose(
        more="""
Standard output has the answer and nothing else; notices, reasoning and errors go to standard
error. Into a pipe go the exact bytes of the answer, on a terminal it is rendered as Markdown
while it comes. Text from outside cannot drive the terminal: escape sequences and their kin are
shown, not obeyed.

Before the first text of an answer a request that failed is sent again, after a wait that is
announced. An answer that breaks off is kept, and the exit status tells.
""",
        examples=(
            ("Look around without a key and without a network:",
             'srchat ask --profile demo "hello there"'),
            ("Write down server, key and model:", "srchat config init"),
        ),
    ),
    "srchat ask": Prose(
        more="""
Files come first, then standard input, then the prompt, each separated by a blank line. Files and
standard input stand between tags, so that the model can tell them from the question; their text
is not altered. Text is UTF-8; anything else is refused with the reason.

Standard input is read where it is a file or a pipe. In a loop or a scheduled job, where it
belongs to something else, `--no-stdin` leaves it alone.

`--continue` passes over a conversation in which nothing was answered. A conversation goes on with
its own model and system prompt, unless an option, or a profile given with `--profile`, sets others.

On a terminal, what can no longer change of an answer is printed once, and only its open end is
redrawn. Where the window is made narrower meanwhile, and the terminal breaks its rows anew, rows of
that end may show twice; none is missing.

Parameters that are not set are not sent, so that the defaults of the server hold.
""",
        examples=(
            ("Ask:", 'srchat ask "why is the sky blue?"'),
            ("Ask about the output of a command:",
             'git diff | srchat ask "write a commit message"'),
            ("Ask about a file, and keep the answer:",
             'srchat ask -f report.csv "which month was the best?" | tee answer.md'),
            ("Take only the code:",
             'srchat ask -x "a shell script that renames *.JPG to *.jpg" > rename.sh'),
            ("Read the whole prompt from standard input:", "srchat ask - < prompt.txt"),
            ("See what would be sent:", 'srchat ask --dry-run -t 0.2 "hello"'),
        ),
    ),
    "srchat chat": Prose(
        more="""
Alt-Enter or Shift-Enter (where the terminal tells it from Enter), or a backslash before Enter,
begins a new line; Ctrl-X Ctrl-E opens the editor; Ctrl-R searches the lines that were typed before.
Ctrl-C stops an answer, and clears a line. Ctrl-D, or the word `exit` or `quit` alone, leaves. A
message that begins with a slash is typed with two.

An error does not end a chat: `/retry` sends the prompt again.
""",
        examples=(
            ("Talk, with nothing kept on disk:", "srchat chat --no-save"),
            ("Go on where it was left:", "srchat chat --continue"),
            ("Ask two questions that belong together, from a script:",
             "printf '%s\\n' 'name a colour' 'and another' | srchat chat --no-save"),
        ),
    ),
    "srchat models": Prose(
        more="""
The names are kept for completion in the shell, which sends no requests by itself.
""",
        examples=(
            ("Show the models and their context windows:", "srchat models --json"),
            ("Ask each of them:",
             'srchat models | while read -r m; do srchat ask --no-stdin -m "$m" "hi"; done'),
        ),
    ),
    "srchat config": Prose(
        more="""
A value that something stronger keeps from being used is set all the same, and a notice names
what takes precedence. After a change of `base_url` a notice says which key goes there.

`srchat config unset -p NAME` without the name of a setting deletes the whole profile, after a
question or with `--yes`; the setting `profile` goes with it where it names this one. The comments
above the profile stay.
""",
        examples=(
            ("Set up, step by step:", "srchat config init"),
            ("Choose a model for all:", "srchat config set model qwen3-4b"),
            ("Make a profile:",
             'srchat config set -p commit system "Write a commit message for this diff."'),
            ("Delete a profile:", "srchat config unset -p work --yes"),
            ("Take the key from a password manager:",
             "srchat config set api_key_command pass srchat"),
            ("See where each value comes from:", "srchat config show"),
        ),
    ),
    "srchat history": Prose(
        examples=(
            ("Show the conversations:", "srchat history list"),
            ("Find one by its words:", "srchat history search sky"),
            ("Read the last one:", "srchat history show"),
            ("Delete what was not used for a year:",
             "srchat history delete --older-than 1y --yes"),
        ),
    ),
}  # fmt: skip
