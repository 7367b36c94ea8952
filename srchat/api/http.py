"""httpx without what srchat does not use, TLS certificates, and proxies.

With click installed, `import httpx` loads its command line, Rich and pygments (150 ms); httpcore
loads anyio and trio for its asynchronous half. All three are hidden while httpx is imported.
"""

import contextlib
import ipaddress
import os
import re
import ssl
import sys
from pathlib import Path
from typing import Final
from urllib.request import getproxies

__all__ = ["CERTIFICATE_VARIABLES", "PORTS", "certificates", "httpx", "proxy_for"]

_hidden = {"click", "anyio", "trio"} - sys.modules.keys()
sys.modules |= dict.fromkeys(_hidden)  # type: ignore[arg-type] # None: cannot be imported
try:
    import httpcore  # noqa: F401 - httpx imports it later, with its first client
    import httpx
finally:
    for _name in _hidden:
        del sys.modules[_name]

CERTIFICATE_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
PORTS: Final = {"http": 80, "https": 443}
_WITH_PORT: Final = re.compile(r"(?:\[([^]]*)\]|([^:]*))(?::(\d+))?")


def certificates(base_url: str) -> ssl.SSLContext:
    """Return a TLS context with the system's certificates; without any where none is needed.

    httpx's own reads certifi's file, 24 ms, also for http://, and ignores the system's. That
    file is for a system without any: Python from python.org on a Mac, a slim container. Whoever
    names certificates by variables trusts no others.
    Raises OSError where SSLKEYLOGFILE cannot be written.
    """
    if base_url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # knows no CA: should TLS happen, it fails
    context = ssl.create_default_context()
    if any(map(os.environ.get, CERTIFICATE_VARIABLES)) or _knows_any(context):
        return context
    return httpx.create_ssl_context(trust_env=False)


def _knows_any(context: ssl.SSLContext) -> bool:
    file, directory, *_ = ssl.get_default_verify_paths()  # each None where there is none
    with contextlib.suppress(OSError):
        if directory and any(Path(directory).iterdir()):
            return True  # read when one is looked for, so the context cannot tell
    return bool(file or context.cert_store_stats()["x509_ca"])


def proxy_for(url: httpx.URL) -> str | None:
    """Return the URL of the proxy that the environment names for `url`; None for none.

    Not left to httpx: it also makes those ready that are not for this URL, and fails for a SOCKS
    proxy among them, or a network in NO_PROXY (https://github.com/encode/httpx/issues/3574).
    """
    named = getproxies()
    proxy = (named.get(url.scheme) or named.get("all", "")).strip()
    if not proxy or any(_excepts(entry, url) for entry in named.get("no", "").split(",")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _excepts(entry: str, url: httpx.URL) -> bool:
    """Tell whether one entry of NO_PROXY is about `url`: a name, an address or a network."""
    scheme, _, place = entry.strip().lower().rpartition("://")
    if scheme not in ("", "all", url.scheme):
        return False
    parts = _WITH_PORT.fullmatch(place)
    host = (parts[1] or parts[2]) if parts else place
    if parts and parts[3] and int(parts[3]) != (url.port or PORTS[url.scheme]):
        return False
    try:
        return ipaddress.ip_address(url.host) in ipaddress.ip_network(host, strict=False)
    except ValueError:  # a name, of which there is one at least
        return host == "*" or _is_within(url.host, host.removeprefix("*"))


def _is_within(name: str, domain: str) -> bool:
    """Tell whether a host is in a domain; one with a dot before it is about its subdomains only."""
    return bool(domain) and (name == domain or name.endswith("." + domain.removeprefix(".")))
