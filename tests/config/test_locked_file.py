"""The file on disk: private, replaced as a whole, locked while it is written."""

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from srchat.config import edit as config_edit
from srchat.config import file as config_file
from srchat.config import locked_file
from srchat.errors import ConfigError
from tests.support.config_files import mode_of, names_in


def test_a_new_file_and_its_directories_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "srchat" / "config.toml"
    before = os.umask(0)
    try:
        config_edit.set_values(path, "work", {"model": "x", "retries": 0, "system": ""})
    finally:
        os.umask(before)
    assert path.read_text() == '[profiles.work]\nmodel = "x"\nretries = 0\nsystem = ""\n'
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == mode_of(path.parent.parent) == 0o700
    assert names_in(path.parent) == ["config.toml"]


def test_the_next_write_makes_an_exposed_file_private(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('model = "x"\n')
    path.chmod(0o644)
    assert config_file.load(path).exposed == (str(path),)
    config_edit.set_values(path, None, {"model": "x"})  # changes nothing but the mode
    assert mode_of(path) == 0o600
    assert not config_file.load(path).exposed


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
    assert names_in(real.parent) == ["srchat.toml"]
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
    assert names_in(tmp_path / "folder") == []


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
    assert names_in(tmp_path) == [".srchat.lock", "config.toml"]


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
    assert names_in(tmp_path) == ["config.toml"]


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


def test_a_stale_temporary_file_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".config.toml.new").write_text("half a fi")
    config_edit.set_values(tmp_path / "config.toml", None, {"model": "x"})
    assert names_in(tmp_path) == ["config.toml"]
    assert (tmp_path / "config.toml").read_text() == 'model = "x"\n'
