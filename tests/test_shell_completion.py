"""Lines that a shell completes: their words and quotes, and the format of each shell."""

import subprocess
import sys
import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from srchat.config import profile_reader
from srchat.shell_completion import Line, open_quote, split, unquoted
from tests.conftest import Srchat
from tests.support.shells import fish_call
from tests.support.waiting import WAIT_TIMEOUT

LINES = [
    "", "# [profiles.no]", "[profiles.work]", "[profiles.home-2] # here", "  [ profiles.work ]",
    '[profiles."my work"]', "[profiles]", "[other]", "[other.work]", "[[profiles]]",
    "[profiles.a.b]", 'base_url = "http://a/v1"', "base_url='http://b/v1' # b",
    'base_url = "http://\\u0063/v1"', 'base_url = """', '"""', "base_url = 7",
    'profile = "work"', "profile=''", 'profile = "x" y',
    'model = "[profiles.no]"', "system = '''", "[profiles.in-a-text]", "'''", "stop = [", "]",
    'stop = ["a]", "b"]', 'stop = [["a"]', "stop = ['#', ']'", "temperature = 0.5",
    'profiles.dotted.base_url = "http://d/v1"', "profiles = {}", "inline = { a = 1 }",
    "base_url", "= 1", "broken = = 1", '"quoted" = 1', "a.b = 1", "\ufeff", 'x = "#"  # "',
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=2000)
@given(st.lists(st.sampled_from(LINES), max_size=6), st.sampled_from(["\n", "\r\n"]))
@example(["system = '''", "[profiles.in-a-text]", "'''"], "\n")
@example(['system = """', "[profiles.in-a-text]", '"""'], "\n")
@example(['stop = ["""', "[profiles.in-a-text]", 'x = 1"""]'], "\n")
@example(["stop = [", '["a=1"', "],", "# [profiles.no]", "]", "[profiles.work]"], "\n")
@example(["\ufeff[profiles.work]"], "\n")
@example(["\ufeff", '[profiles."my work"]'], "\r\n")
@example(["profiles = { inline = {} }"], "\n")
@example(['profiles.dotted.base_url = "http://d/v1"'], "\n")
@example(['"base_url" = "http://quoted/v1"', '[profiles."work"]'], "\n")
def test_the_profile_reader_agrees_with_tomllib(lines: list[str], newline: str) -> None:
    text = newline.join(lines)
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return  # for a broken file any result is correct if nothing is printed
    profiles = document.get("profiles")
    tables = {"": document} | (profiles if isinstance(profiles, dict) else {})
    seen = profile_reader.read_profiles(text)
    assert seen.keys() == tables.keys()
    for name, table in tables.items():
        found = table if isinstance(table, dict) else {}
        for key in profile_reader.KEYS:
            expected = found.get(key)
            assert seen[name].get(key) == (expected if isinstance(expected, str) else None)


def test_a_plain_file_is_read_without_a_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tomllib", None)
    text = 'profile = "a"\nstop = ["x", "y"]\n[profiles.a] # one\nbase_url = "http://a/v1"\n'
    expected = {"": {"profile": "a"}, "a": {"base_url": "http://a/v1"}}
    assert profile_reader.read_profiles(text) == expected
    with pytest.raises(ImportError):
        profile_reader.read_profiles('[profiles."a b"]')


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("plain", "plain"),
        ("my\\ work", "my work"),
        ("'my work'", "my work"),
        ("--profile='my work'", "--profile=my work"),
        ('"it\'s"', "it's"),
        ("'a\\b'", "a\\b"),
        ("'it'\\''s'", "it's"),
        ("it's", "its"),
        ('"open', "open"),
        ("end\\", "end"),
        ('"\\\\"', "\\"),
    ],
)
def test_a_word_is_unquoted_like_in_a_shell(typed: str, understood: str) -> None:
    assert unquoted(typed) == understood


@pytest.mark.parametrize(
    ("line", "words", "quote"),
    [
        ("", [""], ""),
        ("srchat ", ["srchat", ""], ""),
        ("a  'b c' d", ["a", "'b c'", "d"], ""),
        ("a 'b c", ["a", "'b c"], "'"),
        ('a "b\\" c', ["a", '"b\\" c'], '"'),
        ("a b\\ c", ["a", "b\\ c"], ""),
    ],
)
def test_a_line_is_split_like_in_a_shell(line: str, words: list[str], quote: str) -> None:
    assert split(line) == words
    assert open_quote(words[-1]) == quote


@pytest.mark.parametrize(
    ("words", "typed", "takes", "before"),
    [
        ([], "", "commands", ""),
        (["config"], "", "commands", ""),
        (["config", "set"], "", "settings", ""),
        (["config", "set", "keys"], "", "setting_value", ""),
        (["ask"], "-", "options", ""),
        (["ask"], "--mo", "options", ""),
        (["ask"], "--model=", "models", "--model="),
        (["ask", "-m"], "", "models", ""),
        (["ask"], "-mx", "models", "-m"),
        (["ask"], "-xqmx", "models", "-xqm"),
        (["ask"], "-xqm", "options", ""),
        (["ask", "-xqm"], "", "models", ""),
        (["ask", "--"], "-m", "free", ""),
        (["ask", "-f", "-m"], "", "free", ""),
        (["history", "show"], "", "conversations", ""),
        (["history", "show", "a"], "", "free", ""),
        (["history", "delete", "a"], "", "conversations", ""),
        (["models", "x"], "", "free", ""),
        (["ask", "--raw=x"], "", "free", ""),
        (["ask", "config"], "", "free", ""),
    ],
)
def test_the_word_at_the_cursor_is_classified(
    words: list[str], typed: str, takes: str, before: str
) -> None:
    line = Line(words, typed)
    assert (line.takes, line.before) == (takes, before)


def loaded(srchat: Srchat, *args: str) -> set[str]:
    """Return the modules that a call imports."""
    script = (
        "import sys; from srchat.__main__ import main\nmain()\n"
        "print('loaded:', *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        env=srchat.plain_env, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=True,
    )  # fmt: skip
    return set(done.stderr.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("kind", ["models", "profiles"])
def test_completing_a_value_imports_hardly_more_than_version(srchat: Srchat, kind: str) -> None:
    srchat.configure('model = "m"\n[profiles.work]\nbase_url = "http://127.0.0.1:9/v1"\n')
    more = loaded(srchat, *fish_call(kind)) - loaded(srchat, "--version")
    assert more <= {
        "__future__", "zlib", "srchat.shell_completion", "srchat.config",
        "srchat.config.profile_reader", "srchat.model_cache", "srchat.command_tree",
        "srchat.completion_values",
    }  # fmt: skip


def test_completing_conversations_imports_only_sqlite_in_addition(srchat: Srchat) -> None:
    assert srchat("ask", "-p", "demo", "--no-stream", "hi").code == 0
    more = loaded(srchat, *fish_call("conversations"))
    assert "sqlite3" in more
    assert not more & {"typer", "httpx", "rich", "prompt_toolkit", "platformdirs", "pathlib"}
    assert not more & {"socket", "srchat.history.store", "srchat.config.settings"}


@pytest.mark.parametrize("args", [[], ["nonsense"], ["bash"], ["zsh"], ["fish", "srchat"]])
def test_an_invalid_completion_call_is_silent(srchat: Srchat, args: list[str]) -> None:
    result = srchat("__complete", *args)
    assert (result.code, result.err) == (0, "")


def test_a_closed_pipe_is_no_error(srchat: Srchat) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-; "$@" > /dev/full', "sh", *srchat.command(*fish_call("profiles"))],
        env=srchat.env, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("bash", "srchat conf", "9", ":="), ["config"]),
        (("bash", "srchat config set stream ", "37", ":="), ["true", "false"]),
        (("bash", "srchat ask --model=a:", "9", ":="), []),
        (("bash", "srchat ask -f ", "9", ":="), ["files"]),
        (("bash", "srchat ask -s @fi", "9", "@:="), ["@file\\ one"]),
        (("bash", "srchat ask -s '@fi", "9", "@:="), ["@file one"]),
        (("bash", 'srchat ask -s "@fi', "9", "@:="), ["@file one"]),
        (("bash", "srchat ask -s x", "9", ":="), []),
        (("zsh", "srchat", "conf"), ["ask:Ask one question and print the answer"]),
        (("zsh", "srchat", "ask", "--file=x"), ["files 7"]),
        (("zsh", "srchat", "ask", "-s", "@x"), ["files 1"]),
        (("zsh", "srchat", "ask", "-s", "x"), []),
        (("fish", "srchat", "config", "set", "keys", "v"), ["emacs", "vi"]),
        (("fish", "srchat", "config", "set", "nothing", "v"), []),
        (("fish", "srchat", "ask", "-f", "no/such/"), []),
    ],
)
def test_each_shell_gets_the_format_that_it_supports(
    srchat: Srchat, arguments: tuple[str, ...], lines: list[str]
) -> None:
    (srchat.home / "file one").touch()
    result = srchat("__complete", *arguments)
    assert (result.code, result.err) == (0, "")
    found = result.text.splitlines()
    assert (found[: len(lines)] if arguments[0] == "zsh" else found) == lines


def test_bash_gets_descriptions_only_where_it_lists(srchat: Srchat) -> None:
    listed = srchat("__complete", "bash", "srchat ", "63", ":=").text.splitlines()
    assert "ask  (Ask one question and print the answer)" in listed
    assert "ask" in srchat("__complete", "bash", "srchat ", "37", ":=").text.splitlines()


def test_an_option_without_a_value_takes_none() -> None:
    assert Line(["ask", "-q"], "").takes == Line(["ask"], "").takes
    assert Line(["ask", "-qm"], "").takes == "models"
    assert Line(["ask", "-qmname"], "").options == {"--model": "name"}


def test_options_and_settings_are_offered_with_their_help() -> None:
    offered = dict(Line(["history", "show"], "-").offers())
    assert set(offered) >= {"--all", "--reasoning", "--json"}
    assert offered["--reasoning"] == "Show the reasoning before each answer"
    settings = dict(Line(["config", "get"], "").offers())
    assert "temperature" in settings
    assert all(settings.values())


def test_zsh_gets_equal_titles_as_different_texts(srchat: Srchat) -> None:
    for _ in range(2):
        assert srchat("ask", "hi", "-p", "demo").code == 0
    found = srchat("__complete", "zsh", "srchat", "ask", "--conversation", "").text.splitlines()
    titles = [line.partition(":")[2] for line in found if ":" in line]
    assert len(titles) == len(set(titles)) == 2
    assert {title.strip() for title in titles} == {"hi"}
