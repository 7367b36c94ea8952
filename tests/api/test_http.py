"""Proxies, NO_PROXY and certificates from the environment."""

import ssl
from pathlib import Path

import pytest

from srchat.api.client import ChatClient
from srchat.api.http import CERTIFICATE_VARIABLES, certificates, httpx, proxy_for
from srchat.api.server import Server
from srchat.errors import APIConnectionError

PROXY = "http://proxy.test:3128"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "https://chat.test/v1", None),
        ({"HTTPS_PROXY": PROXY}, "https://chat.test/v1", PROXY),
        ({"https_proxy": PROXY}, "https://chat.test/v1", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://chat.test/v1", None),
        ({"ALL_PROXY": PROXY}, "http://chat.test/v1", PROXY),
        ({"HTTPS_PROXY": PROXY, "ALL_PROXY": "socks5://s.test:1"}, "https://chat.test/v1", PROXY),
        ({"HTTPS_PROXY": "proxy.test:3128"}, "https://chat.test/v1", PROXY),
        ({"HTTPS_PROXY": f" {PROXY}\n"}, "https://chat.test/v1", PROXY),
        ({"HTTPS_PROXY": ""}, "https://chat.test/v1", None),
    ],
)
def test_the_proxy_is_the_one_for_the_scheme(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(httpx.URL(url)) == proxy


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        ("*", "https://chat.test/v1"),
        ("a.test, chat.test ,b.test", "https://chat.test/v1"),
        ("CHAT.test", "https://chat.test/v1"),
        ("chat.test", "https://eu.chat.test/v1"),
        (".chat.test", "https://eu.chat.test/v1"),
        ("*.chat.test", "https://eu.chat.test/v1"),
        ("chat.test:443", "https://chat.test/v1"),
        ("chat.test:8443", "https://chat.test:8443/v1"),
        ("https://chat.test", "https://chat.test/v1"),
        ("all://chat.test", "https://chat.test/v1"),
        ("10.1.2.3", "https://10.1.2.3/v1"),
        ("10.0.0.0/8", "https://10.1.2.3/v1"),
        ("10.1.2.3/8", "https://10.1.2.3/v1"),
        ("::1", "https://[::1]/v1"),
        ("[::1]", "https://[::1]/v1"),
        ("[::1]:8443", "https://[::1]:8443/v1"),
        ("fd07:b51a:cc66:f0::/64", "https://[fd07:b51a:cc66:f0::5]/v1"),
        ("0:0:0:0:0:0:0:1", "https://[::1]/v1"),
    ],
)
def test_no_proxy_excepts_names_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch, entries: str, url: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", entries)
    assert proxy_for(httpx.URL(url)) is None


@pytest.mark.parametrize(
    "entries",
    [
        "",
        " , ",
        "other.test",
        "at.test",
        ".chat.test",
        "eu.chat.test",
        "chat.test:8443",
        "http://chat.test",
        "10.0.0.0/8",
        "::/0",
        "::1/128",
        "fe80::/10",
        "[::1]",
        "a:b:c",
        "[",
        "é.test",
        "*.",
    ],
)
def test_invalid_entries_of_no_proxy_are_ignored(
    monkeypatch: pytest.MonkeyPatch, entries: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", entries)
    assert proxy_for(httpx.URL("https://chat.test/v1")) == PROXY
    ChatClient(Server("https://chat.test/v1", None)).close()


def test_an_unusable_proxy_for_other_urls_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    ChatClient(Server("https://chat.test/v1", None)).close()


def test_a_system_without_certificates_trusts_those_that_come_with_httpx(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # OpenSSL has the places of the system's built in: another system cannot be had otherwise.
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    nothing = ssl.DefaultVerifyPaths("", "", "", "", "", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_: None)
    assert certificates("https://chat.test/v1").cert_store_stats()["x509_ca"] > 0


def test_ssl_cert_file_replaces_the_system_certificates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert certificates("https://chat.test/v1").cert_store_stats()["x509_ca"] == 0


def test_an_unwritable_sslkeylogfile_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "none" / "keys"))
    with pytest.raises(APIConnectionError, match="keys: No such file"):
        ChatClient(Server("https://chat.test/v1", None))


def test_certificates_that_are_not_there_are_not_blamed_on_sslkeylogfile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    for name in CERTIFICATE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    nothing = ssl.DefaultVerifyPaths("", "", "", "", "", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_: None)
    monkeypatch.setattr("certifi.where", lambda: str(tmp_path / "none.pem"))
    with pytest.raises(APIConnectionError, match="cannot load the trusted certificates") as caught:
        ChatClient(Server("https://chat.test/v1", None))
    assert "SSLKEYLOGFILE" not in f"{caught.value.message} {caught.value.hint}"
