"""A glance at config.toml: the profiles, and which server each is for. Pure.

For completion in the shell, which asks at every TAB: tomllib costs as much to load as Python
itself, so the plain lines that nearly every file consists of are read here. Whatever is not
plain is left to tomllib. Nothing is checked; of a broken file, what can be made out is returned.
"""

WANTED = ("profile", "base_url")
Tables = dict[str, dict[str, str]]


def glance(text: str) -> Tables:
    """Return `profile` and `base_url` as far as they are set: of the top level (""), of profiles.

    Raises ValueError where the text is no TOML.
    """
    text = text.removeprefix("\ufeff")
    tables = _plain(text)
    return _parsed(text) if tables is None else tables


def _plain(text: str) -> Tables | None:
    """Return what the lines say, None where one of them is not plain.

    An array may go on for several lines; the last of them is never plain.
    """
    if '"""' in text or "'''" in text:
        return None  # lines within a text could look like any other
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
        elif not _take(table, line):
            return None
    return tables


def _take(table: dict[str, str], line: str) -> bool:
    """Put a setting into its table if it is wanted; return whether the line is plain."""
    key, equals, value = line.partition("=")
    key, value = key.rstrip(" \t"), value.lstrip(" \t")
    if not equals or not value or not _is_bare(key) or key == "profiles":
        return False
    if key not in WANTED:
        return True
    plain = _plain_text(value)
    if plain is not None:
        table[key] = plain
    return plain is not None


def _profile_of(header: str) -> str | None:
    """Return NAME of `[profiles.NAME]`, None for any other header."""
    group, _, name = header[1:].partition("]")[0].strip(" \t").partition(".")
    return name if group == "profiles" and _is_bare(name) else None


def _is_bare(key: str) -> bool:
    return key.isascii() and key.replace("_", "a").replace("-", "a").isalnum()


def _plain_text(value: str) -> str | None:
    """Return the text of a string without escapes, None for any other value."""
    quote = value[0]
    if quote not in "\"'":
        return None
    inside, closed, _ = value[1:].partition(quote)
    return inside if closed and "\\" not in inside else None


def _parsed(text: str) -> Tables:
    import tomllib  # noqa: PLC0415 - 13 ms that only an unusual file needs

    document = tomllib.loads(text)
    profiles = document.get("profiles")
    profiles = profiles if isinstance(profiles, dict) else {}
    return {**{name: _wanted(table) for name, table in profiles.items()}, "": _wanted(document)}


def _wanted(table: object) -> dict[str, str]:
    found = table if isinstance(table, dict) else {}
    return {key: found[key] for key in WANTED if isinstance(found.get(key), str)}
