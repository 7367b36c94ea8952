"""Runs srchat in forks of a process that has loaded the libraries: a tenth of the CPU of a start.

Each run is a process of its own with its own environment, directory and standard streams. Where
coverage measures (.ci/run), and where the environment changes how Python starts, real starts are
used instead.
"""

import array
import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_STARTS_PYTHON: Final = ("PYTHON", "LANG", "LC_", "COVERAGE")

# Importing a module of srchat does nothing that a fork could see.
_SERVER: Final = """
import array, json, os, socket, sys, time
sys.path.insert(0, sys.argv[2])
import difflib
import srchat.cli.app
srchat.cli.app.build_app()
import srchat.api.client, srchat.history.store, srchat.history.salvage
def serve(link):
    while True:
        request, controls, *_ = link.recvmsg(1 << 20, socket.CMSG_SPACE(3 * 4))
        if not request:
            return None
        fds = array.array("i", controls[0][2])
        call = json.loads(request)
        pid = os.fork()
        if pid == 0:
            return call, list(fds)
        for fd in fds:
            os.close(fd)
        link.send(str(pid).encode())
        link.send(str(os.waitpid(pid, 0)[1]).encode())
link = socket.socket(fileno=int(sys.argv[1]))
if found := serve(link):
    call, fds = found
    link.close()
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(call["env"])
    time.tzset()
    os.chdir(call["cwd"])
    sys.argv[:] = ["srchat", *call["arguments"]]
    from srchat.__main__ import main
    main()
"""


class Finished(NamedTuple):
    """How a run ended: as subprocess tells it."""

    returncode: int
    out: bytes
    err: bytes


def can_fork(env: Mapping[str, str], base: Mapping[str, str]) -> bool:
    """Tell whether a fork behaves as a start would: the environment changes nothing in Python."""
    names = [name for name in {*env, *base} if name.startswith(_STARTS_PYTHON)]
    return all(env.get(name) == base.get(name) for name in names) and "COVERAGE" not in "".join(env)


class ForkServer:
    """A process that forks. One for all tests of a worker."""

    def __init__(self, root: str, env: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link = ours
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(theirs.fileno()), root],
            env=dict(env), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()
        atexit.register(self._end)

    def _end(self) -> None:
        self._link.close()
        self._process.wait()

    def run(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        data: bytes,
        timeout: float,
    ) -> Finished:
        """Run srchat to its end. Raises TimeoutError."""
        call = {
            "arguments": arguments,
            "env": dict(env),
            "cwd": cwd,
        }
        stdin, out, err = os.pipe(), os.pipe(), os.pipe()
        given = array.array("i", [stdin[0], out[1], err[1]])
        control = (socket.SOL_SOCKET, socket.SCM_RIGHTS, given)
        self._link.sendmsg([json.dumps(call).encode("utf-8", "surrogatepass")], [control])
        for fd in given:
            os.close(fd)
        pid = int(self._link.recv(100))
        try:
            outputs = _exchanged(stdin[1], data, (out[0], err[0]), time.monotonic() + timeout)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._link.recv(100)
            raise
        status = int(self._link.recv(100))
        return Finished(os.waitstatus_to_exitcode(status), *outputs)


def _exchanged(
    writing: int, data: bytes, reading: tuple[int, int], deadline: float
) -> tuple[bytes, bytes]:
    """Write all of the input and read both outputs to their ends."""
    found: dict[int, bytearray] = {fd: bytearray() for fd in reading}
    os.set_blocking(writing, False)
    view = memoryview(data)
    with selectors.DefaultSelector() as selector:
        selector.register(writing, selectors.EVENT_WRITE)
        for fd in reading:
            selector.register(fd, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise TimeoutError
            for key, _ in selector.select(0.5):
                if key.fd != writing:
                    part = os.read(key.fd, 1 << 16)
                    found[key.fd] += part
                    is_over = not part
                else:
                    view, is_over = _written(writing, view)
                if is_over:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return bytes(found[reading[0]]), bytes(found[reading[1]])


def _written(fd: int, view: memoryview) -> tuple[memoryview, bool]:
    """Write what there is room for; return the rest, and whether nothing more can be written."""
    try:
        view = view[os.write(fd, view) :] if view else view
    except BrokenPipeError:
        return view, True
    return view, not view
