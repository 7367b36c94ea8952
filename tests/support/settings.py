"""Resolves settings of a file with a profile named work."""

from collections.abc import Mapping

from srchat.config.resolution import FileSettings, Resolved, resolve

FILE = "config.toml"
KEY = "sk-srt-0123456789"
OURS = {"api_key": KEY}


def resolve_work(
    values: Mapping[str, object] | None = None,
    work: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    profile: str | None = "work",
    **options: object,
) -> Resolved:
    file = FileSettings(FILE, None, values or {}, {"work": work or {}})
    return resolve(file, environ or {}, options, profile)
