"""`srchat history import` on a full disk."""

import subprocess
import sys

from tests.cli.test_history import store_conversation
from tests.conftest import Srchat

# The disk is full only for srchat; coverage.py writes files at exit.
FULL_DISK = """
import atexit, resource, sys
sys.dont_write_bytecode = True  # it would be truncated
_, maximum = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, maximum))
atexit.register(resource.setrlimit, resource.RLIMIT_FSIZE, (maximum, maximum))
from srchat.__main__ import main
main()
"""


def test_a_database_that_cannot_be_copied_is_reported(srchat: Srchat) -> None:
    store_conversation(srchat, "aaaa1111", ("one", "1"))
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, "history", "import", str(srchat.history)],
        env=srchat.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    message = f"srchat: error: cannot read {srchat.history}: File too large\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
