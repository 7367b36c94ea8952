"""`srchat config unset`: settings and profiles are deleted, and nothing else."""

import pytest

from tests.conftest import Srchat
from tests.support.configuring import config_file, read_config
from tests.support.pseudo_terminal import TerminalSession


def test_set_and_unset_keep_the_rest_of_the_file(srchat: Srchat) -> None:
    srchat.configure("# mine\nmodel = 'a'  # why\n\n[profiles.work] # w\nretries = 1\n")
    assert srchat("config", "set", "model", "b") == (0, b"", "")
    assert srchat("config", "set", "-p", "work", "temperature", "0") == (0, b"", "")
    assert srchat("config", "unset", "retries", "--profile", "work") == (0, b"", "")
    assert config_file(srchat).read_text() == (
        '# mine\nmodel = "b"  # why\n\n[profiles.work] # w\ntemperature = 0.0\n'
    )


def test_unset_says_when_there_is_nothing_to_do(srchat: Srchat) -> None:
    result = srchat("config", "unset", "model")
    assert (result.code, result.err) == (0, f"srchat: model is not set in {config_file(srchat)}\n")
    assert not config_file(srchat).exists()
    result = srchat("config", "unset", "modell")
    assert (result.code, result.err.count("did you mean 'model'?")) == (3, 1)
    result = srchat("config", "unset", "profile")
    assert (result.code, result.err) == (
        0,
        f"srchat: profile is not set in {config_file(srchat)}\n",
    )


PROFILES = """profile = "work"  # the usual one

# at work
[profiles.work]
api_key = "sk-srt-0123456789abcdef"

# at home
[profiles.home]
model = "x"
"""


def test_a_profile_is_deleted_with_yes_and_the_setting_that_names_it(srchat: Srchat) -> None:
    srchat.configure(PROFILES)
    result = srchat("config", "unset", "-p", "work", "--yes")
    message = "srchat: profile work deleted; it was the default profile, now none is set\n"
    assert result == (0, b"", message)
    assert (
        config_file(srchat).read_text() == '\n# at work\n# at home\n[profiles.home]\nmodel = "x"\n'
    )
    assert srchat("config", "unset", "-p", "home", "-y").err == "srchat: profile home deleted\n"
    assert read_config(srchat) == {}


def test_a_profile_is_deleted_after_confirmation(srchat: Srchat) -> None:
    srchat.configure(PROFILES)
    for answer, code in (("\n", 2), ("y\n", 0)):
        assert "work" in read_config(srchat)["profiles"]
        with TerminalSession(srchat.command("config", "unset", "-p", "work"), srchat.env) as tty:
            tty.wait_for_text("delete the profile 'work'? [y/N]:")
            tty.type(answer)
            assert tty.wait() == code
    assert list(read_config(srchat)["profiles"]) == ["home"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("-p", "work"), 2, "deleting the profile 'work' without a terminal needs --yes"),
        (("-p", "wrk", "-y"), 3, "did you mean 'work'?"),
        (("-p", "demo", "-y"), 2, "the profile demo is built in"),
        (("profiles",), 2, "delete one profile at a time\nhint: srchat config unset -p PROFILE"),
        (("-y",), 2, "which setting, or which profile?"),
    ],
)
def test_no_profile_is_deleted_by_mistake(
    srchat: Srchat, words: tuple[str, ...], code: int, message: str
) -> None:
    srchat.configure(PROFILES)
    result = srchat("config", "unset", *words)
    assert (result.code, message in result.err) == (code, True), result.err
    assert config_file(srchat).read_text() == PROFILES
