"""Random edits of random configuration files change one value and nothing else."""

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


def _document(rng: random.Random) -> str:
    lines: list[str] = []
    for block in range(rng.randrange(5)):
        lines += [rng.choice(_HEADERS)] if block else []
        for line in rng.sample(_ROOT, rng.randrange(4)):
            lines += [rng.choice((_COMMENT, "", "   "))] if rng.random() < 0.4 else []
            lines.append(line)
    end = rng.choice(("\n", "\r\n"))
    text = "\n".join(lines).replace("\n", end)
    return rng.choice(("", "\ufeff")) + text + rng.choice(("", end, end + _COMMENT))


def _value(rng: random.Random) -> object:
    text = "".join(rng.choices(_ALPHABET, k=rng.randrange(8)))
    return rng.choice((text, text, 3, -(10**30), 0.25, float("inf"), True, [], ["a", text]))


def _keys(rng: random.Random) -> Keys:
    name = rng.choice(_NAMES)
    return rng.choice(((name,), ("profiles", rng.choice(_PROFILES), name)))


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return None


def _lookup(document: object, keys: Keys) -> object:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _can_contain(document: object, keys: Keys) -> bool:
    """Tell whether a key can be set: no part of its path is a value."""
    for key in keys:
        if not isinstance(document, dict):
            return False
        document = document.get(key, {})
    return True


def _without(document: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Return a copy without a key, and without tables that this leaves empty."""
    key, *rest = keys
    copy = {name: value for name, value in document.items() if name != key}
    inside = document.get(key)
    if rest and isinstance(inside, dict) and (remaining := _without(inside, tuple(rest))):
        copy[key] = remaining
    return copy


def _common_prefix_length(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _difference(old: str, new: str) -> tuple[str, str]:
    """Return the part of `old` that was replaced, and its replacement."""
    begin = _common_prefix_length(old, new)
    old, new = old[begin:], new[begin:]
    end = _common_prefix_length(old[::-1], new[::-1])
    return old[: len(old) - end], new[: len(new) - end]


def _check_rest(old: str, new: str, old_value: object, *, unset: bool) -> None:
    """Check that only the value, or the lines that contain it, differ."""
    removed, added = _difference(old, new)
    assert _COMMENT not in removed
    if "\r\n" in old:
        assert new.count("\n") == new.count("\r\n")
    if unset:
        assert not added
    if old_value is None:
        assert not removed
    elif not isinstance(old_value, list | str):  # they may span lines and contain a #
        assert removed.count("\n") <= unset
        assert unset or "#" not in removed


def _check_edit(text: str, before: dict[str, Any], keys: Keys, value: object) -> str:
    """Set a value, or unset it if None, and return the edited text."""
    try:
        edited = without(text, keys) if value is None else with_value(text, keys, value)
    except TypeError:  # a part of the path is a value
        assert not _can_contain(before, keys)
        return text
    after = _parsed(edited)
    assert after is not None
    assert _without(after, keys) == _without(before, keys)
    edited_value = _lookup(after, keys)
    assert (type(edited_value), edited_value) == (type(value), value)
    _check_rest(text, edited, _lookup(before, keys), unset=value is None)
    return edited


def test_an_edit_changes_one_setting_and_nothing_else() -> None:
    edits = 0
    for seed in seeds(1200):
        rng = random.Random(seed)
        text = _document(rng)
        for _ in range(4):
            if (before := _parsed(text)) is None:
                break
            keys, value = _keys(rng), rng.choice((None, _value(rng)))
            try:
                text = _check_edit(text, before, keys, value)
            except Exception as exc:
                raise AssertionError(f"seed {seed}: {keys} = {value!r} in {text!r}") from exc
            edits += 1
    assert edits > 100
