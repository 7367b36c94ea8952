"""Reading config.toml with errors by line, and editing it without losing data."""

import fcntl
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from srchat.config import edit as config_edit
from srchat.config import file as config_file
from srchat.config import locked_file
from srchat.errors import ConfigError


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- reading --------------------------------------------------------------------------------


def test_a_missing_file_sets_nothing(tmp_path: Path) -> None:
    file = config_file.load(tmp_path / "config.toml")
    assert (file.values, file.profiles, file.profile) == ({}, {}, None)


def test_a_byte_order_mark_and_crlf_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbfmodel = "x"\r\n[profiles.work]\r\nretries = 0\r\n')
    file = config_file.load(path)
    assert file.values == {"model": "x"}
    assert file.profiles == {"work": {"retries": 0}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = 'x'\nretries 3\n", "line 2: not valid TOML"),
        ("\nmodel = x\n", "line 2 (model): not valid TOML: Invalid value"),
        ("stop = ['a'\n\n", "line 1 (stop): not valid TOML"),
        ("\n\nmodel = 'x\n", "line 3 (model): not valid TOML"),
        ("model = 1\nmodel = 2\n", "line 2 (model): not valid TOML: Cannot overwrite a value"),
        ("[profiles.a]\n[profiles.a]\n", "line 2: not valid TOML"),
        ("max_tokens = " + "1" * 5000, "not valid TOML: Exceeds the limit"),
        ("stop = " + "[" * 5000, "nested too deeply"),
        ("\nretries = 'three'\n", "line 2: retries is 'three'; must be an integer"),
        ("retries = 1.0", "line 1: retries is 1.0; must be an integer from 0 to 100"),
        ("stream = 1", "line 1: stream is 1; must be true or false"),
        ("retries = true", "line 1: retries is true; must be an integer"),
        ("system = 3", "line 1: system is 3; must be text"),
        ("stop = [1]", "line 1: stop is invalid; must be a list of non-empty strings"),
        ("temperature = nan", "line 1: temperature is nan; must be a number from 0 to 2"),
        (
            "system = '''\ntop_p = 9\n'''\n[profiles.\"a b\"]\n# x\ntop_p = 9\n",
            "line 6: top_p is 9; must be a number from 0 to 1",
        ),
        ("profiles = { w = { top_p = 9 } }", "line 1: top_p is 9"),
        ("\n[profiles]\nw = 3\n", "line 3: profiles.w is not a table"),
        ("profiles = 3", "line 1: profiles is not a table"),
        ("model = 'x'\n[[profiles]]\nmodel = 'y'\n", "line 2: profiles is not a table"),
        ("\n[[work]]\nmodel = 3\n", "line 2: unknown setting 'work'"),
        ("profile = 3", "line 1: profile must be a name"),
        ("base_url = 'ftp://x'", "line 1: base_url is 'ftp://x'; must be an http:// or"),
        ("api_key_command = 'pass x'", "line 1: api_key_command is 'pass x'; must be a list"),
        ("api_key_command = []", "line 1: api_key_command is invalid; must be a list"),
    ],
)
def test_errors_name_the_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config_file.load(path)
    assert caught.value.message.startswith(str(path))
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("modell = 'x'", "did you mean 'model'?"),
        ("[profiles.w]\napikey = 'x'", "did you mean 'api_key'?"),
        ("[work]\nmodel = 'x'", "did you mean [profiles.work]?"),
        ("model = x", "fix it with: srchat config edit"),
    ],
)
def test_errors_have_a_hint(text: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_file.parse(Path("config.toml"), text)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    "text",
    [
        "api_key = sk-srt-secret",
        "api_key = 'sk-srt-secret",
        "api_key = ['sk-srt-secret']",
        "sk-srt-secret = 1",
        "model = ['sk-srt-secret']",
        "base_url = 'https://me:secret@example.com'",
        "sk-srt-secret",
    ],
)
def test_errors_never_show_a_key(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_file.parse(Path("config.toml"), text)
    assert "secret" not in caught.value.message + caught.value.hint


def test_invalid_utf8_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'retries = 1\nmodel = "\xff"\n')
    with pytest.raises(ConfigError, match=r"line 2: not UTF-8 text \(byte 0xff\)"):
        config_file.load(path)


def test_a_directory_or_endless_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*: Is a directory"):
        config_file.load(tmp_path)
    with pytest.raises(ConfigError, match="cannot read /dev/zero: over 1048576 bytes"):
        config_file.load(Path("/dev/zero"))


# --- editing --------------------------------------------------------------------------------


def test_a_new_file_and_its_directories_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "srchat" / "config.toml"
    before = os.umask(0)
    try:
        config_edit.set_values(path, "work", {"model": "x", "retries": 0, "system": ""})
    finally:
        os.umask(before)
    assert path.read_text() == '[profiles.work]\nmodel = "x"\nretries = 0\nsystem = ""\n'
    assert _mode(path) == 0o600
    assert _mode(path.parent) == _mode(path.parent.parent) == 0o700
    assert _names(path.parent) == ["config.toml"]


def test_none_unsets_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("retries = 1 # why\n# kept\nmodel = 'x'\n")
    config_edit.set_values(path, None, {"retries": None, "model": "y", "top_p": None})
    assert path.read_text() == '# kept\nmodel = "y"\n'


def test_the_next_write_makes_an_exposed_file_private(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('model = "x"\n')
    path.chmod(0o644)
    assert config_file.load(path).exposed == (str(path),)
    config_edit.set_values(path, None, {"model": "x"})  # changes nothing but the mode
    assert _mode(path) == 0o600
    assert not config_file.load(path).exposed


@pytest.mark.parametrize(
    "text", ["model = x\n", "modell = 'x'\n", "[profiles.w]\ntop_p = 7\n", "profiles = 3\n", "\xff"]
)
def test_an_invalid_file_is_never_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError):
        config_edit.set_values(path, "work", {"retries": 1})
    assert path.read_bytes() == text.encode("latin-1")
    assert _names(tmp_path) == ["config.toml"]


def test_invalid_values_can_be_fixed_and_unknown_settings_unset(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("retries = -1\nmodel = 'x'\n")
    config_edit.set_values(path, None, {"retries": 1})
    assert path.read_text() == "retries = 1\nmodel = 'x'\n"
    path.write_text("modell = 'y'\nmodel = 'x'\n")
    assert config_edit.is_set(path, None, "modell")
    config_edit.set_values(path, None, {"modell": None})
    assert path.read_text() == "model = 'x'\n"


def test_an_invalid_profile_can_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        "# mine\nprofile = 'work'\n[profiles.work]\nretries = -1\n\n[profiles.home]\nretries = 1\n"
    )
    assert config_edit.list_profiles(path) == (["work", "home"], "work")
    config_edit.delete_profile(path, "work")
    assert path.read_text() == "# mine\n[profiles.home]\nretries = 1\n"
    path.write_text("profile = 'work'\n[profiles.home]\n")
    config_edit.delete_profile(path, "home")
    assert path.read_text() == "profile = 'work'\n"


def test_a_value_with_a_surrogate_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("model = 'x'\n")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        config_edit.set_values(path, None, {"model": "\udc80"})
    assert path.read_text() == "model = 'x'\n"


def test_a_table_in_place_of_a_setting_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[profiles.p.model]\na = 1\n")
    with pytest.raises(ConfigError):
        config_edit.set_values(path, "p", {"model": "x"})
    assert path.read_text() == "[profiles.p.model]\na = 1\n"


def test_symbolic_links_are_followed_and_kept(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "srchat.toml"
    real.parent.mkdir()
    real.write_text("model = 'x'\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "other").symlink_to("../dotfiles/srchat.toml")
    path = tmp_path / "config" / "config.toml"
    path.symlink_to("other")
    config_edit.set_values(path, None, {"model": "y"})
    assert path.is_symlink()
    assert real.read_text() == 'model = "y"\n'
    assert _names(real.parent) == ["srchat.toml"]
    dangling = tmp_path / "config" / "new.toml"
    dangling.symlink_to(tmp_path / "later" / "config.toml")
    config_edit.set_values(dangling, None, {"model": "z"})
    assert (tmp_path / "later" / "config.toml").read_text() == 'model = "z"\n'


def test_link_loops_directories_and_devices_are_errors(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    (tmp_path / "folder").mkdir()
    (tmp_path / "pipe").symlink_to("/dev/null")
    through = tmp_path / "file" / "config.toml"
    through.parent.write_text("a file")
    for path in (loop, tmp_path / "folder", tmp_path / "pipe", through):
        with pytest.raises(ConfigError, match=r"cannot (read|write) "):
            config_edit.set_values(path, None, {"model": "x"})
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert _names(tmp_path / "folder") == []


def test_a_lock_file_is_used_if_directories_cannot_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock

    def nfs(fd: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(9, "Bad file descriptor")
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", nfs)
    path = tmp_path / "config.toml"
    config_edit.set_values(path, None, {"model": "x"})
    assert path.read_text() == 'model = "x"\n'
    assert _names(tmp_path) == [".srchat.lock", "config.toml"]


def test_waiting_for_a_lock_times_out(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with (
        locked_file.locked(path),
        pytest.raises(ConfigError, match="another process has locked"),
        locked_file.locked(path, timeout=0.1),
    ):
        pass


def test_a_full_disk_keeps_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# old\nmodel = 'x'\n")
    program = (
        "import os, resource, sys; from pathlib import Path\n"
        "from srchat.config import edit as config_edit; from srchat.errors import ConfigError\n"
        "_, most = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most))\n"
        "try: config_edit.set_values(Path(sys.argv[1]), None, {'system': 'x' * 10000})\n"
        "except ConfigError as exc: print(exc.message)\n"
        # Coverage writes files, too.
        "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"cannot write {path}: File too large\n"
    assert path.read_text() == "# old\nmodel = 'x'\n"
    assert _names(tmp_path) == ["config.toml"]


_KILLED = """
import os, random, signal, sys, time, tomllib
from pathlib import Path
from srchat.config import edit as config_edit

path, rounds = Path(sys.argv[1]), int(sys.argv[2])
os.umask(0)
config_edit.set_values(path, None, {"system": "0" * 20000})
for round in range(rounds):
    child = os.fork()
    if not child:
        while True:
            for digit in "123456789":
                config_edit.set_values(path, None, {"system": digit * 20000})
    time.sleep(random.uniform(0.0005, 0.012))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    data = path.read_bytes()
    assert len(data) == 20012, len(data)
    system = tomllib.loads(data.decode())["system"]
    assert len(set(system)) == 1, set(system)
    assert path.stat().st_mode & 0o777 == 0o600
    others = set(os.listdir(path.parent)) - {path.name}
    assert others <= {".config.toml.new"}, others
config_edit.set_values(path, None, {"system": "end"})
assert os.listdir(path.parent) == [path.name], os.listdir(path.parent)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path / "config.toml"), "200"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


_WRITER = """
import sys
from pathlib import Path
from srchat.config import edit as config_edit

for round in range(10):
    config_edit.set_values(Path(sys.argv[1]), sys.argv[2], {"retries": round})
"""


def test_twenty_concurrent_writers_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# kept\r\nmodel = 'x'\r\n")
    path.chmod(0o600)
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path), f"p{n}"], umask=0)
        for n in range(20)
    ]
    looks = 0
    while any(writer.poll() is None for writer in writers):
        tomllib.loads(path.read_text())
        assert _mode(path) == 0o600
        looks += 1
    assert looks > 20
    assert [writer.returncode for writer in writers] == [0] * 20
    document: dict[str, Any] = tomllib.loads(path.read_text())
    assert document["profiles"] == {f"p{n}": {"retries": 9} for n in range(20)}
    assert path.read_bytes().startswith(b"# kept\r\nmodel = 'x'\r\n")
    assert _names(tmp_path) == ["config.toml"]


def test_a_stale_temporary_file_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".config.toml.new").write_text("half a fi")
    config_edit.set_values(tmp_path / "config.toml", None, {"model": "x"})
    assert _names(tmp_path) == ["config.toml"]
    assert (tmp_path / "config.toml").read_text() == 'model = "x"\n'
