"""httpx without its command line; certificates and proxies from the environment.

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
    import httpcore  # noqa: F401 - httpx would import it later, when nothing is hidden
    import httpx
finally:
    for _name in _hidden:
        del sys.modules[_name]

CERTIFICATE_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
PORTS: Final = {"http": 80, "https": 443}
_WITH_PORT: Final = re.compile(r"(?:\[([^]]*)\]|([^:]*))(?::(\d+))?")


def certificates(base_url: str) -> ssl.SSLContext:
    """Return a TLS context with the system's certificates, or with none for a URL without TLS.

    httpx would load certifi's file instead, even for http://, in 24 ms. That file is used only if
    the system has no certificates, as with Python from python.org on macOS or in a slim container.
    SSL_CERT_FILE and SSL_CERT_DIR replace the system's certificates.
    Raises OSError if SSLKEYLOGFILE cannot be written.
    """
    if base_url.startswith("http://"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without a CA, so TLS would fail
    context = ssl.create_default_context()
    if any(map(os.environ.get, CERTIFICATE_VARIABLES)) or _has_certificates(context):
        return context
    return httpx.create_ssl_context(trust_env=False)


def _has_certificates(context: ssl.SSLContext) -> bool:
    file, directory, *_ = ssl.get_default_verify_paths()  # None if it does not exist
    with contextlib.suppress(OSError):
        if directory and any(Path(directory).iterdir()):
            return True  # OpenSSL reads a directory on demand
    return bool(file or context.cert_store_stats()["x509_ca"])


def proxy_for(url: httpx.URL) -> str | None:
    """Return the URL of the proxy that the environment names for `url`, None if there is none.

    httpx would also set up the proxies for other URLs. It fails if one of them is a SOCKS proxy or
    NO_PROXY contains a network (https://github.com/encode/httpx/issues/3574).
    """
    named = getproxies()
    proxy = (named.get(url.scheme) or named.get("all", "")).strip()
    if not proxy or any(_matches(entry, url) for entry in named.get("no", "").split(",")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _matches(entry: str, url: httpx.URL) -> bool:
    """Tell whether an entry of NO_PROXY (a name, an address or a network) matches `url`."""
    scheme, _, place = entry.strip().lower().rpartition("://")
    if scheme not in ("", "all", url.scheme):
        return False
    parts = _WITH_PORT.fullmatch(place)
    host = (parts[1] or parts[2]) if parts else place
    if parts and parts[3] and int(parts[3]) != (url.port or PORTS[url.scheme]):
        return False
    try:
        return ipaddress.ip_address(url.host) in ipaddress.ip_network(host, strict=False)
    except ValueError:  # at least one of them is a name
        return host == "*" or _is_within(url.host, host.removeprefix("*"))


def _is_within(name: str, domain: str) -> bool:
    """Tell whether a host is in a domain. A leading dot matches only subdomains."""
    return bool(domain) and (name == domain or name.endswith("." + domain.removeprefix(".")))
