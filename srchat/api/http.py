"""httpx, without its own command line.

Where click is installed, `import httpx` loads that command line, and with it click, Rich
and pygments: 150 ms that no chat needs. So click is not to be found while httpx is imported.
"""

import sys

__all__ = ["httpx"]

_absent = "click" not in sys.modules
if _absent:  # pragma: no branch - nothing of ours loads click; who embeds srchat may have
    sys.modules["click"] = None  # type: ignore[assignment] # how to say: cannot be imported
try:
    import httpx
finally:
    if _absent:  # pragma: no branch - as above
        del sys.modules["click"]
