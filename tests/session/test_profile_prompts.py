"""Prompt templates, and profiles in separate files, through the whole program."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence

import pytest

from srchat.attachments import Attachment
from srchat.errors import UsageError
from srchat.session.profile_prompts import PromptTemplate
from tests.conftest import Serve, Srchat
from tests.support.server import answer
from tests.support.shells import ROOT
from tests.support.waiting import WAIT_TIMEOUT

STDIN = Attachment("stdin", "a\nb\n")


def _message(template: str, words: str = "", *attachments: Attachment, **values: str) -> str:
    return PromptTemplate(template, "t.md").message(words, attachments, values).text


def _sent(srchat: Srchat, *args: str, stdin: bytes = b"") -> str:
    """The user's message, as --dry-run prints it."""
    result = srchat("ask", "--dry-run", *args, stdin=stdin)
    assert result.code == 0
    return str(json.loads(result.out)["messages"][-1]["content"])


@pytest.mark.parametrize(
    ("template", "words", "attachments", "message"),
    [
        ("Diff:\n{input}.", "", [STDIN], "Diff:\na\nb."),
        ("{prompt}: {input}", "why", [STDIN], "why: a\nb"),
        ("Fix: {input}", "in C", [STDIN], "Fix: a\nb\n\nin C"),
        ("Fix: {input}", "x = 1", [], "Fix: x = 1"),
        ("Be brief.", "why", [], "Be brief.\n\nwhy"),
        ("Be brief.", "", [STDIN], '<file name="stdin">\na\nb\n</file>\n\nBe brief.'),
        (
            "{input}!",
            "",
            [STDIN, Attachment("b.c", "}{")],
            '<file name="stdin">\na\nb\n</file>\n\n<file name="b.c">\n}{\n</file>!',
        ),
    ],
)
def test_words_and_input_replace_their_placeholders(
    template: str, words: str, attachments: Sequence[Attachment], message: str
) -> None:
    assert _message(template, words, *attachments) == message


def test_attachments_outside_of_the_template_stay_data() -> None:
    message = PromptTemplate("Be brief.", "t.md").message("", [STDIN], {})
    assert (message.names, message.words) == (("stdin",), "Be brief.")


def test_input_is_never_taken_for_a_placeholder() -> None:
    assert _message("{input} {lang}", "", Attachment("stdin", "{lang}"), lang="C") == "{lang} C"


@pytest.mark.parametrize(
    ("name", "hint"), [("input", "pipe text in"), ("prompt", "add the words"), ("x", "--var x=")]
)
def test_a_placeholder_without_a_value_names_file_and_line(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        _message(f"one\ntwo {{{name}}}")
    assert caught.value.message == f"t.md, line 2: no value for {{{name}}}"
    assert hint in caught.value.hint


def test_a_template_takes_variables_of_the_profile_and_of_the_command_line(srchat: Srchat) -> None:
    srchat.configure(
        '[profiles.tr]\nprompt = "To {lang}, {tone}: {input}"\n'
        '[profiles.tr.vars]\nlang = "German"\ntone = "formal"\n[vars]\ntone = "casual"\n'
    )
    assert _sent(srchat, "-p", "tr", "hi") == "To German, formal: hi"
    args = ("-p", "tr", "--var", "lang=French", "--var", "tone=a=b", "hi")
    assert _sent(srchat, *args) == "To French, a=b: hi"


def test_a_variable_without_a_placeholder_is_an_error(srchat: Srchat) -> None:
    srchat.configure('[profiles.tr]\nprompt = "To {lang}: {input}"\n')
    result = srchat("ask", "-p", "tr", "hi", "--var", "lnag=French", "--var", "lang=C")
    assert (result.code, result.out) == (2, b"")
    assert "--var lnag: there is no {lnag} in the prompt template" in result.err
    assert "hint: did you mean 'lang'?" in result.err
    result = srchat("ask", "hi", "--var", "lang=French")
    assert (result.code, result.out) == (2, b"")
    assert "--var needs a prompt template" in result.err


@pytest.mark.parametrize("var", ["lang", "a-b=c", "input=x", "=x"])
def test_a_variable_has_an_identifier_as_name(srchat: Srchat, var: str) -> None:
    result = srchat("ask", "hi", "--var", var)
    assert (result.code, result.out) == (2, b"")
    assert "must be NAME=TEXT" in result.err


def test_the_line_of_a_placeholder_is_that_of_the_configuration_file(srchat: Srchat) -> None:
    srchat.configure('# one\n[profiles.tr]\nprompt = """\nTo\n{lang}:\n{input}"""\n')
    result = srchat("ask", "-p", "tr", "hi", "--dry-run")
    assert (result.code, result.out) == (2, b"")
    assert "config.toml, line 5: no value for {lang}\n" in result.err


def test_prompt_and_system_can_be_files_beside_the_configuration(srchat: Srchat) -> None:
    (srchat.home / "t.md").write_text("Read:\n{input}\n")
    (srchat.home / "s.md").write_text("Be brief.\n")
    srchat.configure('[profiles.a]\nprompt = "@t.md"\nsystem = "@s.md"\n')
    result = srchat("ask", "-p", "a", "hi", "--dry-run")
    contents = [each["content"] for each in json.loads(result.out)["messages"]]
    assert contents == ["Be brief.", "Read:\nhi"]
    srchat.configure('[profiles.a]\nprompt = "@@t.md {input}"\nsystem = "@@s"\n')
    result = srchat("ask", "-p", "a", "hi", "--dry-run")
    contents = [each["content"] for each in json.loads(result.out)["messages"]]
    assert contents == ["@s", "@t.md hi"]


def test_a_template_file_that_is_missing_is_named_and_needed_only_where_it_is_used(
    srchat: Srchat,
) -> None:
    srchat.configure('[profiles.a]\nprompt = "@no.md"\n')
    result = srchat("ask", "-p", "a", "hi", "--dry-run")
    assert (result.code, result.out) == (3, b"")
    assert "config.toml: prompt: cannot read" in result.err
    assert "no.md: No such file" in result.err
    assert srchat("config", "show", "-p", "a").code == 0
    assert srchat("ask", "hi", "--dry-run").code == 0


def test_a_template_without_input_does_not_wait_for_a_silent_pipe(srchat: Srchat) -> None:
    srchat.configure('[profiles.a]\nprompt = "Tell a joke."\n')
    reading, writing = os.pipe()  # stays open and empty
    ask = srchat.command("ask", "-p", "a", "--dry-run")
    try:
        done = subprocess.run(
            ask, env=srchat.env, cwd=srchat.home, stdin=reading, capture_output=True,
            check=True, timeout=WAIT_TIMEOUT,
        )  # fmt: skip
    finally:
        os.close(reading)
        os.close(writing)
    assert json.loads(done.stdout)["messages"][-1]["content"] == "Tell a joke."
    assert b"waiting" not in done.stderr
    assert _sent(srchat, "-p", "a", stdin=b"about\n").startswith('<file name="stdin">\nabout\n')


def test_a_chat_uses_the_template_for_the_first_prompt_of_each_conversation(
    srchat: Srchat, serve: Serve
) -> None:
    server = serve(answer("1"), answer("2"), answer("3"))
    srchat.configure(f'[profiles.a]\nbase_url = "{server.url}"\nprompt = "Explain: {{input}}"\n')
    result = srchat("chat", "-p", "a", stdin=b"one\ntwo\n/new\nthree\n")
    assert (result.code, result.out) == (0, b"1\n2\n3\n")
    sent = [request.json["messages"][-1]["content"] for request in server.requests]
    assert sent == ["Explain: one", "two", "Explain: three"]


@pytest.mark.parametrize("path", ["../secret.md", "/etc/hostname", "link.md"])
def test_a_profile_given_by_its_path_reads_only_its_own_directory(
    srchat: Srchat, path: str
) -> None:
    folder = srchat.home / "repository"
    folder.mkdir()
    (srchat.home / "secret.md").write_text("secret")
    (folder / "link.md").symlink_to(srchat.home / "secret.md")
    for name in ("prompt", "system"):
        (folder / "p.toml").write_text(f'{name} = "@{path}"\n')
        result = srchat("ask", "-p", "repository/p.toml", "hi", "--dry-run")
        assert (result.code, result.out) == (3, b"")
        assert f"{name} must name a file in {folder}" in result.err


@pytest.mark.parametrize("name", ["commit", "review", "explain"])
def test_the_profiles_of_the_documentation_can_be_copied(srchat: Srchat, name: str) -> None:
    folder = srchat.home / "profiles.d"
    folder.mkdir()
    shutil.copy(ROOT / f"docs/profiles/{name}.toml", folder)
    assert _sent(srchat, "-p", name, stdin=b"+ a line\n").endswith("\n\n+ a line\n")
    srchat.configure('model = "m"\n')
    path = str(ROOT / f"docs/profiles/{name}.toml")
    assert _sent(srchat, "-p", path, stdin=b"+ a line\n").endswith("\n\n+ a line\n")


def test_the_demo_profile_can_have_a_file_too(srchat: Srchat) -> None:
    folder = srchat.home / "profiles.d"
    folder.mkdir()
    (folder / "demo.toml").write_text('prompt = "Tell {prompt}."\n')
    assert _sent(srchat, "-p", "demo", "a joke") == "Tell a joke."
