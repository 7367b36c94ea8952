"""Reads the profiles and base URLs of config.toml quickly, for completion at every TAB. Pure.

tomllib takes as long to load as Python itself, so the plain lines of nearly every file are
parsed here; anything else falls back to tomllib. Nothing is validated. For a broken file,
the result is whatever could be read.
"""

KEYS = ("profile", "base_url")
Tables = dict[str, dict[str, str]]


def read_profiles(text: str) -> Tables:
    """Return `profile` and `base_url`, where set, of the top level ("") and of each profile.

    Raises ValueError if the text is not TOML.
    """
    text = text.removeprefix("\ufeff")
    tables = _parse_plain_lines(text)
    return _parse_toml(text) if tables is None else tables


def _parse_plain_lines(text: str) -> Tables | None:
    """Return the tables, None if a line is not plain.

    An array may span several lines; its last line is never plain.
    """
    if '"""' in text or "'''" in text:
        return None  # lines of a multi-line string may look like any other
    table: dict[str, str] = {}
    tables = {"": table}
    for full_line in text.split("\n"):
        line = full_line.strip(" \t\r")
        if not line or line[0] == "#":
            continue
        if line[0] == "[":
            name = _profile_of(line)
            if not name:
                return None
            table = tables[name] = {}
        elif not _parse_entry(line, table):
            return None
    return tables


def _parse_entry(line: str, table: dict[str, str]) -> bool:
    """Store the value in `table` if it is one of KEYS; return whether the line is plain."""
    key, equals, value = line.partition("=")
    key, value = key.rstrip(" \t"), value.lstrip(" \t")
    if not equals or not value or not _is_bare(key) or key == "profiles":
        return False
    if key not in KEYS:
        return True
    string = _unquoted(value)
    if string is not None:
        table[key] = string
    return string is not None


def _profile_of(header: str) -> str | None:
    """Return NAME of `[profiles.NAME]`, None for any other header."""
    group, _, name = header[1:].partition("]")[0].strip(" \t").partition(".")
    return name if group == "profiles" and _is_bare(name) else None


def _is_bare(key: str) -> bool:
    return key.isascii() and key.replace("_", "a").replace("-", "a").isalnum()


def _unquoted(value: str) -> str | None:
    """Return the content of a string without escapes, None for any other value."""
    quote = value[0]
    if quote not in "\"'":
        return None
    inside, closed, _ = value[1:].partition(quote)
    return inside if closed and "\\" not in inside else None


def _parse_toml(text: str) -> Tables:
    import tomllib  # noqa: PLC0415 - 13 ms, only for unusual files

    document = tomllib.loads(text)
    profiles = document.get("profiles")
    profiles = profiles if isinstance(profiles, dict) else {}
    return {**{name: _strings(table) for name, table in profiles.items()}, "": _strings(document)}


def _strings(table: object) -> dict[str, str]:
    found = table if isinstance(table, dict) else {}
    return {key: found[key] for key in KEYS if isinstance(found.get(key), str)}
