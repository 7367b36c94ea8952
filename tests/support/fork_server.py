"""Runs srchat in forks of a process that has imported its libraries.

A fork takes a tenth of the CPU time of a start. Each run is a separate process with its own
environment, directory and standard streams, and a child of the test process. If the environment
changes how Python starts, srchat is started normally instead.
"""

import array
import atexit
import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

BASE_ENV: Final = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}
_PYTHON_VARIABLES: Final = ("PYTHON", "LANG", "LC_")
_SET_CHILD_SUBREAPER: Final = 36  # prctl(2)
_LOCK: Final = threading.Lock()  # for the server, and while orphans are adopted

# Importing modules of srchat has no side effects.
_SERVER: Final = """
import array, fcntl, gc, json, os, socket, sys, termios, time
sys.path.insert(0, sys.argv[2])
import difflib
import srchat.cli.app
srchat.cli.app.build_app()
import srchat.api.client, srchat.history.store, srchat.markdown.writer
import srchat.repl.loop, srchat.repl.library_commands, srchat.repl.prompt_lines
gc.collect()
gc.freeze()  # a collection in a fork would copy every page

def serve(link):
    while True:
        request, controls, *_ = link.recvmsg(1 << 20, socket.CMSG_SPACE(3 * 4))
        if not request:
            return None
        fds = array.array("i", controls[0][2])
        # The parent of the run ends at once, so that the tests become its parent.
        parent = os.fork()
        if parent == 0:
            pid = os.fork()
            if pid == 0:
                return json.loads(request), list(fds)
            link.send(str(pid).encode())
            os._exit(0)
        os.waitpid(parent, 0)
        link.send(b"started")
        for fd in fds:
            os.close(fd)

link = socket.socket(fileno=int(sys.argv[1]))
if found := serve(link):
    call, fds = found
    link.close()
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    if call["has_terminal"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.environ.clear()
    os.environ.update(call["env"])
    time.tzset()
    os.chdir(call["cwd"])
    sys.argv[:] = ["srchat", *call["arguments"]]
    if any(name.startswith("COVERAGE_") for name in call["env"]):
        import coverage
        coverage.process_startup()
    from srchat.__main__ import main
    main()
"""


class Finished(NamedTuple):
    """The result of a run; `returncode` as in subprocess."""

    returncode: int
    out: bytes
    err: bytes


def can_fork(env: Mapping[str, str]) -> bool:
    """Tell whether a fork behaves like a new process, for which Python reads its environment."""
    if sys.platform != "linux":
        return False
    names = [name for name in {*env, *BASE_ENV} if name.startswith(_PYTHON_VARIABLES)]
    return all(env.get(name) == BASE_ENV.get(name) for name in names)


def fork_server() -> "ForkServer":
    """Return the fork server of this test worker."""
    with _LOCK:
        return _new_server()


@cache
def _new_server() -> "ForkServer":
    return ForkServer()


class ForkServer:
    """A process that forks."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link = ours
        root = str(Path(__file__).parent.parent.parent)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(theirs.fileno()), root],
            env=BASE_ENV, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()
        atexit.register(self._end)

    def _end(self) -> None:
        self._link.close()
        self._process.wait()

    def start(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        fds: Iterable[int],
        *,
        has_terminal: bool = False,
    ) -> int:
        """Start srchat as a child of this process and return its process ID.

        `fds`: its standard streams. `has_terminal`: they are its controlling terminal.
        """
        call = {
            "arguments": arguments,
            "env": dict(env),
            "cwd": cwd,
            "has_terminal": has_terminal,
        }
        request = json.dumps(call).encode("utf-8", "surrogatepass")
        control = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))
        with _LOCK:
            _adopt_orphans(True)
            self._link.sendmsg([request], [control])
            pid = int(self._link.recv(100))
            self._link.recv(100)  # srchat is now a child of this process
            _adopt_orphans(False)
        return pid

    def run(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        data: bytes,
        timeout: float,
    ) -> Finished:
        """Run srchat and wait for it to exit. Raises TimeoutError."""
        stdin, out, err = os.pipe(), os.pipe(), os.pipe()
        theirs = (stdin[0], out[1], err[1])
        pid = self.start(arguments, env, cwd, theirs)
        for fd in theirs:
            os.close(fd)
        try:
            outputs = _communicate(stdin[1], data, (out[0], err[0]), time.monotonic() + timeout)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        return Finished(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), *outputs)


def _adopt_orphans(enable: bool) -> None:
    """Let this process adopt descendants whose parent has exited, or stop that."""
    if ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(enable), 0, 0, 0):
        raise OSError("prctl failed")


def _communicate(
    stdin: int, data: bytes, outputs: tuple[int, int], deadline: float
) -> tuple[bytes, bytes]:
    """Write all input, and read both outputs to the end."""
    received: dict[int, bytearray] = {fd: bytearray() for fd in outputs}
    os.set_blocking(stdin, False)
    view = memoryview(data)
    with selectors.DefaultSelector() as selector:
        selector.register(stdin, selectors.EVENT_WRITE)
        for fd in outputs:
            selector.register(fd, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise TimeoutError
            for key, _ in selector.select(0.5):
                if key.fd != stdin:
                    part = os.read(key.fd, 1 << 16)
                    received[key.fd] += part
                    is_done = not part
                else:
                    view, is_done = _write_available(stdin, view)
                if is_done:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return bytes(received[outputs[0]]), bytes(received[outputs[1]])


def _write_available(fd: int, view: memoryview) -> tuple[memoryview, bool]:
    """Write as much as the pipe accepts. Return the rest, and whether writing is done."""
    try:
        view = view[os.write(fd, view) :] if view else view
    except BrokenPipeError:
        return view, True
    return view, not view
