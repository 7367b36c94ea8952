"""Random configuration files and edits: the value is set or gone, and all else stays as it is."""

import random
import tomllib
from typing import Any

import pytest

from srchat.config.toml_edit import with_value, without
from srchat.config.toml_scanner import Keys
from tests.fuzz.seeds import seeds

pytestmark = pytest.mark.slow

_COMMENT = "# a comment, model = 'no'"
_ROOT = (
    "model = 'x' # why", "\t\"model\" = 'x'", '"mod\\u0065l" = "x"', 'system = "a\\nb#"',
    "retries=3", "temperature = 0.5#", "stop = [\n  'a', # one\n  'b',\n]",
    "text = '''\nmodel = 'no'\n'''",
    'system = """\n[profiles.p]\n# no comment\n"""', "when = 1979-05-27", "x.y.z = 1",
    "profiles.p.model = 'm'", "profiles.d = { model = 'z', retries = 1 } # inline",
    "profiles = { p = { model = 'z' }, 'q r' = {} }", "profiles.d = {}", "profile = 'p'",
)  # fmt: skip
_HEADERS = (
    "[profiles.p]", "  [ profiles . p ] # header", "[profiles.'q r']", "[profiles]", "[[other]]",
    "[unknown.table]", "[profiles.p.inner]", "[[profiles.list]]", "[profiles.d]",
)  # fmt: skip
_NAMES = ("model", "system", "retries", "temperature", "stop", "profile", "odd name", "é")
_PROFILES = ("p", "q r", "d", "new", "a.b", "")
_ALPHABET = "ab'\"\\#=[]{}\n\r\t \x00\x1f\x7f\x85é\u200b\u2028\u202e\ufeff😀"


def _document(chance: random.Random) -> str:
    lines: list[str] = []
    for block in range(chance.randrange(5)):
        lines += [chance.choice(_HEADERS)] if block else []
        for line in chance.sample(_ROOT, chance.randrange(4)):
            lines += [chance.choice((_COMMENT, "", "   "))] if chance.random() < 0.4 else []
            lines.append(line)
    end = chance.choice(("\n", "\r\n"))
    text = "\n".join(lines).replace("\n", end)
    return chance.choice(("", "\ufeff")) + text + chance.choice(("", end, end + _COMMENT))


def _value(chance: random.Random) -> object:
    text = "".join(chance.choices(_ALPHABET, k=chance.randrange(8)))
    return chance.choice((text, text, 3, -(10**30), 0.25, float("inf"), True, [], ["a", text]))


def _keys(chance: random.Random) -> Keys:
    name = chance.choice(_NAMES)
    return chance.choice(((name,), ("profiles", chance.choice(_PROFILES), name)))


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return None


def _found(document: object, keys: Keys) -> object:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _has_place(document: object, keys: Keys) -> bool:
    """Tell whether there are only tables on the way to a key."""
    for key in keys:
        if not isinstance(document, dict):
            return False
        document = document.get(key, {})
    return True


def _without(document: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Return a copy without a key, and without tables that are empty then."""
    key, *rest = keys
    copy = {name: value for name, value in document.items() if name != key}
    inside = document.get(key)
    if rest and isinstance(inside, dict) and (left := _without(inside, tuple(rest))):
        copy[key] = left
    return copy


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginnings."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _difference(old: str, new: str) -> tuple[str, str]:
    """Return the one piece that was taken out of `old`, and the one put there instead."""
    begin = _alike(old, new)
    old, new = old[begin:], new[begin:]
    end = _alike(old[::-1], new[::-1])
    return old[: len(old) - end], new[: len(new) - end]


def _check_rest(old: str, new: str, was: object, *, unset: bool) -> None:
    """Check the text around a value: only the value, or the lines that hold it, may differ."""
    removed, added = _difference(old, new)
    assert _COMMENT not in removed
    if "\r\n" in old:
        assert new.count("\n") == new.count("\r\n")
    if unset:
        assert not added
    if was is None:
        assert not removed
    elif not isinstance(was, list | str):  # those have several lines, and # inside
        assert removed.count("\n") <= unset
        assert unset or "#" not in removed


def _check_edit(text: str, before: dict[str, Any], keys: Keys, value: object) -> str:
    """Set a value, or unset it for None; return what the text is then."""
    try:
        edited = without(text, keys) if value is None else with_value(text, keys, value)
    except TypeError:  # a value stands in the place of a table
        assert not _has_place(before, keys)
        return text
    after = _parsed(edited)
    assert after is not None
    assert _without(after, keys) == _without(before, keys)
    found = _found(after, keys)
    assert (type(found), found) == (type(value), value)
    _check_rest(text, edited, _found(before, keys), unset=value is None)
    return edited


def test_an_edit_changes_one_setting_and_nothing_else() -> None:
    done = 0
    for seed in seeds(1200):
        chance = random.Random(seed)
        text = _document(chance)
        for _ in range(4):
            if (before := _parsed(text)) is None:
                break
            keys, value = _keys(chance), chance.choice((None, _value(chance)))
            try:
                text = _check_edit(text, before, keys, value)
            except Exception as exc:
                raise AssertionError(f"seed {seed}: {keys} = {value!r} in {text!r}") from exc
            done += 1
    assert done > 100
