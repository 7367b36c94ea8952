"""The command in an answer: one line, or none."""

import pytest

from srchat.shell_command import NoCommandError, command_in


def is_known(word: str) -> bool:
    return word in ("git", "ls", "echo")


@pytest.mark.parametrize(
    ("answer", "command"),
    [
        ("```sh\ngit reset --soft HEAD~1\n```", "git reset --soft HEAD~1"),
        ("Use this:\n\n```\n$ ls -la\n```\nIt lists files.", "ls -la"),
        ("~~~bash\nunknown-tool --x\n~~~", "unknown-tool --x"),
        ("git status", "git status"),
        ("`git status`", "git status"),
        ("A=1 sudo git status\n", "A=1 sudo git status"),
        ("```sh\ncd /tmp\nls\n```", "cd /tmp && ls"),
        ("```sh\n# first\ncd /tmp; # there\n\nls '#'a#b # all\n```", "cd /tmp && ls '#'a#b"),
        ("```sh\nls # all\n```", "ls # all"),
        ("```sh\nls \\\n  -l \\\n  /tmp\n```", "ls -l /tmp"),
        ("```sh\necho 'a; b' \"c (\"\n```", "echo 'a; b' \"c (\""),
        ("```sh\nfor f in *; do echo $f; done\n```", "for f in *; do echo $f; done"),
        ("```sh\nls", "ls"),  # the fence was never closed
        ("```sh\ngit\tstatus\n```", "git status"),
        ('```sh\ncd /tmp\necho \\\' \\( "\\"" # quotes\n```', 'cd /tmp && echo \\\' \\( "\\""'),
        ("```sh\nls\n```\n```sh\nrm x\n```", "ls"),
    ],
)
def test_one_command_is_found(answer: str, command: str) -> None:
    assert command_in(answer, is_known) == command


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I cannot do that.",
        "You should not.\nReally.",
        "```\n```",
        "```sh\n# nothing\n```",
        "git status\ngit log",
    ],
)
def test_an_answer_without_a_command_is_refused(answer: str) -> None:
    with pytest.raises(NoCommandError, match="has no command"):
        command_in(answer, is_known)


@pytest.mark.parametrize(
    "script",
    [
        "for f in *\ndo\n  echo $f\ndone",
        "if true; then\n  ls\nfi",
        "cat <<E\nhello\nE",
        "f() {\n  ls\n}",
        "ls |\nwc",
        "sleep 1 &\nls",
        "echo 'a\nb'",
        "(cd /tmp\nls)",
    ],
)
def test_a_script_is_refused(script: str) -> None:
    with pytest.raises(NoCommandError, match="is a script"):
        command_in(f"```sh\n{script}\n```", is_known)


@pytest.mark.parametrize(
    "character",
    [
        "\x1b[2J",
        "\x00",
        "\x07",
        "\r",
        "\x7f",
        "\x9b",
        "\u202e",
        "\u2066",
        "\U000e0041",
        "\u200b",
        "\u00a0",
    ],
)
def test_a_hostile_command_is_refused(character: str) -> None:
    with pytest.raises(NoCommandError):
        command_in(f"```sh\nls {character}x\n```", is_known)


def test_a_command_that_is_too_long_is_refused() -> None:
    with pytest.raises(NoCommandError, match="over 4000"):
        command_in("```sh\nls " + "x" * 5000 + "\n```", is_known)
