"""`srchat batch make`: rows become requests, and nothing is sent."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import Srchat
from tests.support.pseudo_terminal import TerminalSession


def made(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def prompts(text: bytes) -> list[str]:
    return [line["body"]["messages"][-1]["content"] for line in made(text)]


def test_each_line_is_a_request(srchat: Srchat) -> None:
    result = srchat("batch", "make", "square", "{line}", "-m", "m", stdin=b"1\n\n\xc3\xa9\n")
    assert result.code == 0
    assert made(result.out) == [
        {
            "custom_id": f"row-{number:06d}",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "m", "messages": [{"role": "user", "content": f"square {text}"}]},
        }
        for number, text in ((1, "1"), (3, "é"))
    ]
    assert result.out.isascii()


def test_the_body_has_exactly_the_parameters_that_are_set(srchat: Srchat) -> None:
    result = srchat(
        *("batch", "make", "-s", "be brief", "-t", "0.5", "--top-p", "1", "--max-tokens", "7"),
        *("--stop", "END", "--param", "seed=3", "--schema", "n int"),
        stdin=b"x\n",
    )
    (line,) = made(result.out)
    body = line["body"]
    assert body["messages"][0] == {"role": "system", "content": "be brief"}
    assert {name: body[name] for name in ("temperature", "top_p", "max_tokens", "stop")} == {
        "temperature": 0.5,
        "top_p": 1.0,
        "max_tokens": 7,
        "stop": ["END"],
    }
    assert body["seed"] == 3
    assert body["response_format"]["type"] == "json_schema"
    assert "stream" not in body


@pytest.mark.parametrize(
    ("words", "stdin", "prompt"),
    [
        ((), b"alone\n", "alone"),
        (("explain",), b"x\n", '<file name="stdin">\nx\n</file>\n\nexplain'),
        (("{input}!",), b"x\n", "x!"),
        (("{{line}} {line}",), b"{line}\n", "{line} {line}"),
        (('{"a": 1} {line}',), b"x\n", '{"a": 1} x'),
    ],
)
def test_a_line_without_a_placeholder_is_placed_as_by_ask(
    srchat: Srchat, words: tuple[str, ...], stdin: bytes, prompt: str
) -> None:
    assert prompts(srchat("batch", "make", *words, stdin=stdin).out) == [prompt]


def test_columns_and_keys_are_placeholders(srchat: Srchat) -> None:
    (srchat.home / "t.csv").write_text('id,q\na-1,"one, two"\na-2,three\n')
    result = srchat("batch", "make", "{q}?", "--csv", "t.csv", "--id", "id")
    assert prompts(result.out) == ["one, two?", "three?"]
    assert [line["custom_id"] for line in made(result.out)] == ["a-1", "a-2"]
    (srchat.home / "t.jsonl").write_text('{"q": "x", "n": 2}\n')
    assert prompts(srchat("batch", "make", "{q}{n}", "--jsonl", "t.jsonl").out) == ["x2"]


def test_files_are_rows(srchat: Srchat) -> None:
    for name in ("a.txt", "b.txt"):
        (srchat.home / name).write_text(f"text of {name}\n")
    files = ("-f", "a.txt", "-f", "b.txt")
    assert prompts(srchat("batch", "make", "{name}: {file}", *files).out) == [
        "a.txt: text of a.txt\n",
        "b.txt: text of b.txt\n",
    ]
    assert prompts(srchat("batch", "make", "-f", "a.txt").out) == ["text of a.txt\n"]
    assert prompts(srchat("batch", "make", "sum up", "-f", "a.txt").out) == [
        '<file name="a.txt">\ntext of a.txt\n</file>\n\nsum up'
    ]


def test_a_profile_template_takes_rows_and_variables(srchat: Srchat) -> None:
    srchat.configure(
        '[profiles.t]\nprompt = "In {lang}: {input} {prompt}"\n[profiles.t.vars]\nlang = "de"\n'
    )
    result = srchat("batch", "make", "-p", "t", "now", stdin=b"x\ny\n")
    assert prompts(result.out) == ["In de: x now", "In de: y now"]
    result = srchat("batch", "make", "-p", "t", "--var", "lang=fr", "{line}!", stdin=b"x\n")
    assert prompts(result.out) == ["In fr: x x!"]
    result = srchat("batch", "make", "--var", "to=fr", "{line} in {to}", stdin=b"x\n")
    assert prompts(result.out) == ["x in fr"]


def test_output_is_written_to_a_file_and_split(srchat: Srchat) -> None:
    lines = b"".join(b"%d\n" % n for n in range(5))
    result = srchat("batch", "make", "-o", "in.jsonl", stdin=lines)
    assert (result.code, result.out) == (0, b"")
    assert result.err == "srchat: 5 requests: in.jsonl\n"
    assert len(made((srchat.home / "in.jsonl").read_bytes())) == 5
    result = srchat("batch", "make", "-o", "in.jsonl", "--split", "2", stdin=lines)
    assert result.messages == [
        f"srchat: {count}: in-00{n}.jsonl"
        for n, count in ((1, "2 requests"), (2, "2 requests"), (3, "1 request"))
    ]
    parts = [(srchat.home / f"in-00{n}.jsonl").read_bytes() for n in (1, 2, 3)]
    assert prompts(b"".join(parts)) == ["0", "1", "2", "3", "4"]


@pytest.mark.slow
def test_a_file_that_servers_would_reject_is_a_warning(srchat: Srchat) -> None:
    result = srchat("batch", "make", "-o", "in.jsonl", stdin=b"x\n" * 50_001)
    assert "at most 50,000 requests" in result.err


@pytest.mark.parametrize(
    ("args", "stdin", "message"),
    [
        (("{lien}",), b"x\n", "stdin:1: no value for {lien}\nhint: did you mean {line}?"),
        (("{a}",), b"x\n", "stdin:1: no value for {a}\nhint: a row has {line}"),
        ((), b"", "no rows"),
        ((), b"\xff\n", "stdin:1 is not UTF-8 text"),
        ((), b"x\na\0b\n", "stdin:2 is not text"),
        (("--var", "x=1", "{line}"), b"x\n", "--var x: there is no {x} in the prompt"),
        (
            (
                "--id",
                "n",
            ),
            b"x\n",
            "stdin:1: no field 'n' for --id",
        ),
        (("--id", "line"), b"a b\n", "stdin:1: the id 'a b' must be 1 to 64 of A-Z"),
        (("--id", "line"), b"a\na\n", "stdin:2: the id 'a' occurs twice"),
        (("{x}", "-f", "/etc/hostname"), b"", "/etc/hostname: no value for {x}"),
        (("{a}", "--jsonl", "empty.jsonl"), b"", "empty.jsonl:1: the prompt is empty"),
        (("--jsonl", "/proc/self/mem"), b"", "cannot read /proc/self/mem: Input/output error"),
        (("--split", "2"), b"x\n", "--split needs -o FILE"),
        (("--csv", "none.csv"), b"", "cannot read none.csv: No such file"),
        (("--csv", "a", "--jsonl", "b"), b"", "--jsonl cannot be combined with --csv"),
        (("-t", "3"), b"x\n", "'--temperature' / '-t'"),
    ],
)
def test_an_invalid_request_is_an_error_and_nothing_is_written(
    srchat: Srchat, args: tuple[str, ...], stdin: bytes, message: str
) -> None:
    (srchat.home / "empty.jsonl").write_text('{"a": " "}\n')
    result = srchat("batch", "make", *args, stdin=stdin)
    assert (result.code, result.out) == (2, b"")
    assert (
        message in result.err
        or message.replace("'--temperature' / '-t'", "temperature") in result.err
    )
    assert not (srchat.home / "in.jsonl").exists()


def test_a_bad_row_leaves_an_older_file_as_it_was(srchat: Srchat) -> None:
    (srchat.home / "in.jsonl").write_text("older")
    (srchat.home / "t.jsonl").write_text('{"a": "x"}\n{\n')
    result = srchat("batch", "make", "{a}", "--jsonl", "t.jsonl", "-o", "in.jsonl")
    assert (result.code, result.messages[0].startswith("srchat: error: t.jsonl:2: not JSON")) == (
        2,
        True,
    )
    assert (srchat.home / "in.jsonl").read_text() == "older"


def test_a_file_without_a_place_is_an_error(srchat: Srchat) -> None:
    result = srchat("batch", "make", "-o", "none/in.jsonl", stdin=b"x\n")
    assert (result.code, result.out) == (74, b"")
    assert result.err == "srchat: error: cannot write none/in.jsonl: No such file or directory\n"


def test_on_a_terminal_it_does_not_wait_for_rows(srchat: Srchat) -> None:
    command = srchat.command("batch", "make", "x")
    with TerminalSession(command, srchat.env, cwd=str(srchat.home)) as session:
        assert session.wait() == 2
        assert session.lines[:2] == [
            "srchat: error: no rows",
            "hint: pipe lines in, or use -i FILE, --jsonl FILE, --csv FILE or -f PATH",
        ]


# The disk is full only for srchat; coverage.py writes files at exit.
_FULL_DISK = """
import atexit, resource, sys
sys.dont_write_bytecode = True  # it would be truncated
_, maximum = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, maximum))
atexit.register(resource.setrlimit, resource.RLIMIT_FSIZE, (maximum, maximum))
from srchat.__main__ import main
main()
"""


def test_a_full_disk_for_the_temporary_file_is_reported(srchat: Srchat) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, "batch", "make"], input=b"x\n" * 1000,
        env=srchat.env, cwd=srchat.home, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (74, b"")
    assert done.stderr.startswith(b"srchat: error: cannot write ")
    assert done.stderr.endswith(b": File too large\n")
