"""`srchat config edit`: only a valid file replaces the old one, and no text is lost."""

import signal
import stat
import subprocess
import sys

import pytest

from tests.conftest import Srchat
from tests.support.configuring import config_file, file_names, read_config, write_script
from tests.support.pseudo_terminal import TerminalSession
from tests.support.waiting import wait_until


def test_edit_saves_a_valid_file(srchat: Srchat) -> None:
    config_file(srchat).symlink_to("real.toml")
    editor = write_script(srchat, "e", 'stat -c %a "$2" >"$0.mode"; echo "retries = $1" >>"$2"')
    assert srchat("config", "edit", EDITOR="no-such", VISUAL=f"'{editor}' 0") == (0, b"", "")
    assert (srchat.home / "e.mode").read_text() == "600\n"
    text = (srchat.home / "real.toml").read_text()
    assert text.startswith("# Settings of srchat")
    assert text.endswith("\nretries = 0\n")
    assert stat.S_IMODE((srchat.home / "real.toml").stat().st_mode) == 0o600
    assert file_names(srchat.home) == ["config.toml", "e", "e.mode", "real.toml"]


@pytest.mark.parametrize(
    ("editor", "code", "message"),
    [
        ("true", 0, ""),
        ("false", 3, "the editor exited with 1; nothing was changed"),
        ("/no/such/editor", 2, "cannot start the editor /no/such/editor: No such file"),
        ("'", 2, "cannot parse VISUAL or EDITOR"),
        ("sh -c 'echo retries = x >\"$0\"'", 3, "nothing was changed"),
        ('sh -c \'printf "a\\377" >"$0"\'', 3, "not UTF-8 text"),
        ("rm", 3, "nothing was changed"),
    ],
)
def test_edit_keeps_the_file_otherwise(
    srchat: Srchat, editor: str, code: int, message: str
) -> None:
    srchat.configure("# mine\n")
    config_file(srchat).chmod(0o600)
    result = srchat("config", "edit", EDITOR=editor)
    assert (result.code, message in result.err) == (code, True), result.err
    assert config_file(srchat).read_text() == "# mine\n"
    assert file_names(srchat.home) == ["config.toml"]


def test_edit_offers_to_open_the_editor_again(srchat: Srchat) -> None:
    editor = write_script(
        srchat,
        "e",
        """
        echo "editing"
        if grep -q "retries = x" "$1"; then echo "retries = 1" >"$1"; exit; fi
        echo "retries = x" >"$1"
        """,
    )
    with TerminalSession(srchat.command("config", "edit"), srchat.env | {"EDITOR": editor}) as tty:
        tty.wait_for_text("edit again? [Y/n]")
        assert any("line 1 (retries)" in line for line in tty.lines)
        assert not any("mend it with" in line for line in tty.lines)
        assert not config_file(srchat).exists()
        tty.type("\n")
        assert tty.wait() == 0
    assert read_config(srchat) == {"retries": 1}
    config_file(srchat).unlink()
    with TerminalSession(srchat.command("config", "edit"), srchat.env | {"EDITOR": editor}) as tty:
        tty.wait_for_text("edit again? [Y/n]")
        tty.type("n\n")
        assert tty.wait() == 3
    assert not config_file(srchat).exists()


def test_ctrl_c_in_the_editor_does_not_end_srchat(srchat: Srchat) -> None:
    editor = write_script(
        srchat,
        "e",
        """
        trap 'echo "model = \\"kept\\"" >"$1"; exit 0' INT
        echo ready
        while :; do sleep 0.05; done
        """,
    )
    with TerminalSession(srchat.command("config", "edit"), srchat.env | {"EDITOR": editor}) as tty:
        tty.wait_for_text("ready")
        tty.type("\x03")
        assert tty.wait() == 0
    assert read_config(srchat) == {"model": "kept"}


def test_a_closed_terminal_does_not_lose_the_text(srchat: Srchat) -> None:
    srchat.configure("# mine\n")
    editor = write_script(srchat, "e", 'echo "retries = 1" >"$1"; touch ready; exec sleep 20')
    process = srchat.start("config", "edit", EDITOR=editor)
    wait_until((srchat.home / "ready").exists)
    process.send_signal(signal.SIGHUP)
    result = process.wait_for_result()
    assert result.code == 129
    draft = next(srchat.home.glob(".srchat-edit-*/config.toml"))
    assert f"your text is in {draft}" in result.err
    assert draft.read_text() == "retries = 1\n"
    assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700
    assert config_file(srchat).read_text() == "# mine\n"


def test_a_file_changed_in_the_meantime_and_the_draft_are_kept(
    srchat: Srchat,
) -> None:
    srchat.configure('model = "a"\n')
    editor = write_script(
        srchat, "e", "echo 'model = \"theirs\"' >config.toml; echo 'top_p = 0' >\"$1\""
    )
    result = srchat("config", "edit", EDITOR=editor)
    assert result.code == 3
    draft = next(srchat.home.glob(".srchat-edit-*/config.toml"))
    assert f"nothing was changed; your text is in {draft}\n" in result.err
    assert f"{config_file(srchat)} was changed by another program\n" in result.err
    assert config_file(srchat).read_text() == 'model = "theirs"\n'
    assert draft.read_text() == "top_p = 0\n"
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700


# The disk is full only for srchat; coverage.py writes files at exit.
_FULL_DISK = """
import atexit, resource, sys
sys.dont_write_bytecode = True  # it would be truncated
_, maximum = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, maximum))
atexit.register(resource.setrlimit, resource.RLIMIT_FSIZE, (maximum, maximum))
from srchat.__main__ import main
main()
"""


def test_edit_on_a_full_disk_is_an_error_and_leaves_nothing(srchat: Srchat) -> None:
    srchat.configure("# mine\n" * 1000)
    config_file(srchat).chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, "config", "edit"],
        env=srchat.env | {"EDITOR": "true"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    message = f"srchat: error: cannot create a file next to {config_file(srchat)}: File too large\n"
    assert (done.returncode, done.stderr) == (3, message)
    assert file_names(srchat.home) == ["config.toml"]
