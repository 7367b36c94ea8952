"""Random configuration files and edits: the value is set or gone, and all else stays as it is."""

import random
import tomllib

from srchat.config.toml_edit import EditError, with_value, without
from tests.fuzz.seeds import seeds

_LINES = (
    "# a comment", "", "   ", "model = 'x' # why", 'system = "a\\nb"', "retries=3", "[profiles.p]",
    "[profiles.'q r']", "temperature = 0.5", "stop = [\n  'a', # one\n  'b',\n]", "[[other]]",
    "x.y.z = 1", "profiles.d = { model = 'z', retries = 1 }", "[unknown.table]",
    "text = '''\nmodel = 'no'\n'''", 'more = """\n[profiles.p]\n"""', "when = 1979-05-27",
)  # fmt: skip
_NAMES = ("model", "system", "retries", "temperature", "stop", "profile")
_VALUES = ("text", "line\nbreak", 'quo"te', 3, 0.25, True, ["a", "b"], "\u202e", "")


def _document(chance: random.Random) -> str:
    end = chance.choice(("\n", "\r\n"))
    lines = "\n".join(chance.choices(_LINES, k=chance.randrange(12)))
    return chance.choice(("", "\ufeff")) + lines.replace("\n", end) + chance.choice(("", end))


def _parsed(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return None


def _found(document: dict[str, object], keys: tuple[str, ...]) -> object:
    found: object = document
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _without(document: dict[str, object], keys: tuple[str, ...]) -> dict[str, object]:
    """Return a copy without a key, and without tables that are empty then."""
    key, *rest = keys
    copy = {name: value for name, value in document.items() if name != key}
    inside = document.get(key)
    if rest and isinstance(inside, dict) and (left := _without(inside, tuple(rest))):
        copy[key] = left
    return copy


def test_an_edit_changes_one_setting_and_nothing_else() -> None:
    done = 0
    for seed in seeds(1500):
        chance = random.Random(seed)
        text = _document(chance)
        before = _parsed(text)
        if before is None:
            continue
        name = chance.choice(_NAMES)
        keys = chance.choice(((name,), ("profiles", "p", name), ("profiles", "new", name)))
        value = chance.choice((*_VALUES, None))
        try:
            edited = without(text, keys) if value is None else with_value(text, keys, value)
        except (EditError, TypeError):
            continue
        after = _parsed(edited)
        assert after is not None, f"seed {seed}"
        assert _without(after, keys) == _without(before, keys), f"seed {seed}"
        assert _found(after, keys) == value, f"seed {seed}"
        if _found(before, keys) is None:
            assert edited.count("#") == text.count("#"), f"seed {seed}"
        done += 1
    assert done > 100
