"""Editing changes one value and no other byte."""

import tomllib
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from srchat.config.toml_edit import EditError, toml_value, with_value, without


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        ("", ("model",), 'model = "new"\n'),
        ("vars = {}", ("vars", "a"), 'vars = { a = "new" }'),
        ("vars = { }", ("vars", "a"), 'vars = { a = "new"}'),
        ("vars = { b = 1 }", ("vars", "a"), 'vars = { b = 1, a = "new" }'),
        ('model = "x"', ("model",), 'model = "new"'),
        ("retries = 1", ("model",), 'retries = 1\nmodel = "new"\n'),
        ('model="x"# why\n', ("model",), 'model="new"# why\n'),
        ("'model'\t=  'x'  # why\n", ("model",), "'model'\t=  \"new\"  # why\n"),
        ("# a\nretries = 1\n\n# b\n", ("model",), '# a\nretries = 1\nmodel = "new"\n\n# b\n'),
        ("retries = 1\r\n", ("model",), 'retries = 1\r\nmodel = "new"\r\n'),
        ("\ufeffmodel = 'x'\n", ("model",), '\ufeffmodel = "new"\n'),
        ("  retries = 1\n", ("model",), '  retries = 1\n  model = "new"\n'),
        (
            "# top\n\n# of p\n[profiles.p]\nretries = 1\n",
            ("model",),
            '# top\n\nmodel = "new"\n\n# of p\n[profiles.p]\nretries = 1\n',
        ),
        ("[profiles.p]\n", ("model",), 'model = "new"\n\n[profiles.p]\n'),
        ("# only\n", ("model",), '# only\nmodel = "new"\n'),
        (
            "stop = [ # why\n 'a', # b\n] # end\nretries = 1\n",
            ("stop",),
            'stop = "new" # end\nretries = 1\n',
        ),
        (
            'system = """\nmodel = "x"\n"""\n',
            ("model",),
            'system = """\nmodel = "x"\n"""\nmodel = "new"\n',
        ),
        ("", ("profiles", "p", "model"), '[profiles.p]\nmodel = "new"\n'),
        ("", ("profiles", "a b.c", "model"), '[profiles."a b.c"]\nmodel = "new"\n'),
        (
            "retries = 1",
            ("profiles", "p", "model"),
            'retries = 1\n\n[profiles.p]\nmodel = "new"\n',
        ),
        (
            "[profiles.p]\nretries = 1\n\n# q\n[profiles.q]\n",
            ("profiles", "p", "model"),
            '[profiles.p]\nretries = 1\nmodel = "new"\n\n# q\n[profiles.q]\n',
        ),
        ("[profiles.p] # p\n", ("profiles", "p", "model"), '[profiles.p] # p\nmodel = "new"\n'),
        (
            "[ 'profiles' . \"p\" ]\nmodel = 'x'\n",
            ("profiles", "p", "model"),
            '[ \'profiles\' . "p" ]\nmodel = "new"\n',
        ),
        (
            "profiles.p.retries = 1\n",
            ("profiles", "p", "model"),
            'profiles.p.retries = 1\nprofiles.p.model = "new"\n',
        ),
        (
            "[profiles]\np.retries = 1\n",
            ("profiles", "p", "model"),
            '[profiles]\np.retries = 1\np.model = "new"\n',
        ),
        ("profiles.p = {}\n", ("profiles", "p", "model"), 'profiles.p = { model = "new" }\n'),
        (
            "profiles = { p = { retries = 1 } } # p\n",
            ("profiles", "p", "model"),
            'profiles = { p = { retries = 1, model = "new" } } # p\n',
        ),
        (
            "profiles = { q = {} }\n",
            ("profiles", "p", "model"),
            'profiles = { q = {}, p.model = "new" }\n',
        ),
        (
            "profiles = { p.model = 'x', p.retries = 1 }\n",
            ("profiles", "p", "model"),
            'profiles = { p.model = "new", p.retries = 1 }\n',
        ),
    ],
)
def test_with_value_changes_only_its_key(before: str, keys: tuple[str, ...], after: str) -> None:
    assert with_value(before, keys, "new") == after


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        ("", ("model",), ""),
        ("model = 'x'", ("model",), ""),
        ("# a\nmodel = 'x' # b\n# c\n", ("model",), "# a\n# c\n"),
        ("stop = [\n 'a', # b\n]\nretries = 1\n", ("stop",), "retries = 1\n"),
        ("system = '''\nx\n'''\r\nretries = 1\r\n", ("system",), "retries = 1\r\n"),
        ("[profiles.p]\nmodel = 'x'\n", ("profiles", "p", "model"), "[profiles.p]\n"),
        ("profiles.p.model = 'x'\nretries = 1\n", ("profiles", "p", "model"), "retries = 1\n"),
        ("p = { a = 1, b = 2, c = 3 }\n", ("p", "a"), "p = { b = 2, c = 3 }\n"),
        ("p = { a = 1, b = 2, c = 3 }\n", ("p", "b"), "p = { a = 1, c = 3 }\n"),
        ("p = { a = 1, b = 2, c = 3 } # x\n", ("p", "c"), "p = { a = 1, b = 2 } # x\n"),
        ("p = { q = { a = 1 } } # x\n", ("p", "q", "a"), "p = { q = {} } # x\n"),
        ("p = { q.a = 1, q.b = 2 }\n", ("p", "q", "a"), "p = { q.b = 2 }\n"),
        ("\ufeffmodel = 'x'\nretries = 1\n", ("model",), "\ufeffretries = 1\n"),
        ("[work]\nmodel = 'x'\n", ("work",), ""),
        ("[[work]]\nmodel = 'x'\n[[work]]\n[other]\n", ("work",), "[other]\n"),
        ("a = 1\n\n[p.q]\nmodel = 'x'\n# of q\n", ("p", "q"), "a = 1\n"),
        ("a = 1\r\n\r\n[p.q]\r\n", ("p", "q"), "a = 1\r\n"),
        (
            "# q\n[p.q]\nb = 1 # b\n# c = 2\n\n# r\n[p.r]\n",
            ("p", "q"),
            "# q\n# r\n[p.r]\n",
        ),
        ("[p.q]\nb = 1\n[p.r]\n[p.q.s]\nc = 1\n", ("p", "q"), "[p.r]\n"),
        ("p.q.a = 1\np.r.a = 1\np.q.b = 1 # x\n", ("p", "q"), "p.r.a = 1\n"),
        ("p = { q.a = 1, r = 2, q.b = 3 } # x\n", ("p", "q"), "p = { r = 2 } # x\n"),
        ("[p]\nq = { a = 1 }\nr = 1\n", ("p", "q"), "[p]\nr = 1\n"),
    ],
)
def test_without_removes_only_its_key(before: str, keys: tuple[str, ...], after: str) -> None:
    assert without(before, keys) == after


@pytest.mark.parametrize("before", ["[p]\na = 1\n", "p.a = 1\n", "[p.q]\n"])
def test_an_impossible_edit_raises(before: str) -> None:
    with pytest.raises(EditError):
        with_value(before, ("p",), 1)


def test_a_value_is_not_replaced_by_a_table() -> None:
    with pytest.raises(TypeError):
        with_value("profiles = 3\n", ("profiles", "p", "model"), "x")


# --- any file -------------------------------------------------------------------------------

_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_VALUE: st.SearchStrategy[Any] = (
    _TEXT
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.lists(_TEXT, max_size=3)
)
_SPACES = st.sampled_from(["", " ", "  ", "\t"])
_WORDS = st.text("abcxyz=[]{}#'\",.é漢\U0001f600 \t", max_size=10)
_NAMES = ["model", "system", "stop", "retries", "a-b", "ä ö", "x.y", 'q"q', ""]
_PROFILES = ["work", "a.b", "[x]", "profiles"]


@given(_VALUE)
def test_values_round_trip(value: object) -> None:
    read = tomllib.loads(f"value = {toml_value(value)}\n")["value"]
    assert (read, type(read)) == (value, type(value))


def test_a_list_is_written_on_one_line() -> None:
    for value in (["a", "b"], ("a", "b")):
        assert toml_value(value) == '["a", "b"]'


class Chunk(NamedTuple):
    """Whole lines of a file, and the keys they set."""

    text: str
    sets: tuple[tuple[str, ...], ...] = ()


@st.composite
def _literals(draw: st.DrawFn) -> str:
    """A value as a user may write it."""
    words = draw(_WORDS)
    plain = words.replace("'", "").replace("\\", "")
    kinds = [
        toml_value(words),
        f"'{plain}'",
        f"'''{plain}\nmodel = 1\n[x]\n'''",
        f"''''x{plain}'''''",
        '"""\n' + plain.replace('"', "") + '\\\n  # no comment\n""two""\n"""""',
        draw(st.sampled_from(["0x1F", "1_000", "-0.5e3", "inf", "true", "07:32:00"])),
        draw(st.sampled_from(["1979-05-27 07:32:00Z", "1979-05-27", "1979-05-27T07:32:00"])),
        f"[ # one ]\n  {toml_value(words)}, # two\n\n  [1, {{ a = ']' }}],\n]",
        "[]",
        f"{{ model = {toml_value(words)}, a.b = '}}' }}",
        "{}",
    ]
    return draw(st.sampled_from(kinds))


def _key(name: str, *, literal: bool) -> str:
    if literal and "'" not in name:
        return f"'{name}'"
    bare = name.isascii() and name.replace("-", "").isalpha()
    return name if bare else toml_value(name)


@st.composite
def _noise(draw: st.DrawFn) -> Chunk:
    lines = draw(st.lists(st.one_of(st.just(""), _WORDS.map(lambda w: f"# {w}")), max_size=2))
    return Chunk("".join(f"{line}\n" for line in lines))


@st.composite
def _settings(draw: st.DrawFn, prefix: tuple[str, ...], shown: tuple[str, ...]) -> list[Chunk]:
    """Entries of the table `prefix`; `shown` is the part written before each key."""
    chunks = []
    for name in draw(st.lists(st.sampled_from(_NAMES), max_size=4, unique=True)):
        dot = draw(_SPACES) + "." + draw(_SPACES)
        keys = dot.join(_key(key, literal=draw(st.booleans())) for key in (*shown, name))
        gap, other, indent = draw(_SPACES), draw(_SPACES), draw(_SPACES)
        tail = draw(_SPACES) + draw(st.just("") | _WORDS.map(lambda w: f"# {w}"))
        text = f"{indent}{keys}{gap}={other}{draw(_literals())}{tail}\n"
        chunks += [draw(_noise()), Chunk(text, ((*prefix, name),))]
    return chunks


@st.composite
def _inline(draw: st.DrawFn, prefix: tuple[str, ...]) -> str:
    names = draw(st.lists(st.sampled_from(_NAMES), max_size=3, unique=True))
    entries = [f"{_key(n, literal=False)} ={draw(_SPACES)}{draw(_literals())}" for n in names]
    return "{" + draw(_SPACES) + f"{draw(_SPACES)},{draw(_SPACES)}".join(entries) + "}"


@st.composite
def _profile(draw: st.DrawFn, name: str, style: str) -> list[Chunk]:
    table = ("profiles", name)
    if style == "inline":
        keys = f"{_key('profiles', literal=False)}.{_key(name, literal=draw(st.booleans()))}"
        text = draw(_inline(table))
        names = tomllib.loads(f"x = {text}")["x"]
        return [Chunk(f"{keys} = {text} # of {name!a}\n", tuple((*table, n) for n in names))]
    if style == "dotted":
        return draw(_settings(table, table))
    header = f"[{draw(_SPACES)}profiles . {_key(name, literal=draw(st.booleans()))} ] # {name!a}\n"
    return [draw(_noise()), Chunk(header), *draw(_settings(table, ()))]


@st.composite
def _files(draw: st.DrawFn) -> list[Chunk]:
    names = draw(st.lists(st.sampled_from(_PROFILES), max_size=3, unique=True))
    styles = {name: draw(st.sampled_from(["header", "inline", "dotted"])) for name in names}
    root = draw(_settings((), ()))
    for name in sorted(names, key=lambda name: styles[name] == "header"):
        root += draw(_profile(name, styles[name]))
    return [*root, draw(_noise())]


def _final(chunks: list[Chunk], newline: str, bom: str, end: str) -> list[Chunk]:
    texts = [chunk.text.replace("\n", newline) for chunk in chunks]
    if texts and not end:
        last = max((i for i, text in enumerate(texts) if text), default=0)
        texts[last] = texts[last].removesuffix(newline)
    if texts:
        texts[0] = bom + texts[0]
    return [Chunk(text, chunk.sets) for text, chunk in zip(texts, chunks, strict=True)]


_ANY_FILE = st.builds(
    _final,
    _files(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from(["", "end"]),
)
_ANY_KEYS = st.tuples(st.sampled_from(_NAMES)) | st.tuples(
    st.just("profiles"), st.sampled_from(_PROFILES), st.sampled_from(_NAMES)
)


def _parsed(text: str) -> Any:
    return tomllib.loads(text.removeprefix("\ufeff"))


def _without_empty(table: Any) -> Any:
    if not isinstance(table, dict):
        return table
    kept = {key: _without_empty(value) for key, value in table.items()}
    return {key: value for key, value in kept.items() if value != {}}


@pytest.mark.slow
@given(_ANY_FILE, _ANY_KEYS, _VALUE)
@settings(max_examples=400)
def test_with_value_keeps_every_other_byte_of_any_file(
    chunks: list[Chunk], keys: tuple[str, ...], value: object
) -> None:
    before = "".join(chunk.text for chunk in chunks)
    after = with_value(before, keys, value)

    expected = table = _parsed(before)
    for key in keys[:-1]:
        table = table.setdefault(key, {})
    table[keys[-1]] = value
    assert repr(_sorted(_parsed(after))) == repr(_sorted(expected))
    _assert_only_one_chunk_differs(chunks, keys, before, after)


@pytest.mark.slow
@given(_ANY_FILE, st.data())
@settings(max_examples=300)
def test_without_keeps_every_other_byte_of_any_file(
    chunks: list[Chunk], data: st.DataObject
) -> None:
    before = "".join(chunk.text for chunk in chunks)
    there = [keys for chunk in chunks for keys in chunk.sets]
    keys = data.draw(st.sampled_from(there)) if there else ("model",)
    after = without(before, keys)

    expected = table = _parsed(before)
    for key in keys[:-1]:
        table = table[key]
    table.pop(keys[-1], None)
    assert repr(_sorted(_without_empty(_parsed(after)))) == repr(_sorted(_without_empty(expected)))
    _assert_only_one_chunk_differs(chunks, keys, before, after)


@pytest.mark.slow
@given(_ANY_FILE, st.sampled_from(_PROFILES))
@settings(max_examples=200)
def test_without_removes_one_profile_of_any_file(chunks: list[Chunk], name: str) -> None:
    before = "".join(chunk.text for chunk in chunks)
    after = without(before, ("profiles", name))
    expected = _parsed(before)
    expected.get("profiles", {}).pop(name, None)
    assert name not in _parsed(after).get("profiles", {})
    assert repr(_sorted(_without_empty(_parsed(after)))) == repr(_sorted(_without_empty(expected)))
    rest = iter(before.removeprefix("\ufeff").splitlines(keepends=True))
    for line in after.removeprefix("\ufeff").splitlines(keepends=True):
        assert line in rest  # consumes the iterator up to that line: lines are only removed


@given(_ANY_FILE)
@example([Chunk("\n\n", ())])
def test_adding_and_removing_a_profile_restores_the_file(chunks: list[Chunk]) -> None:
    before = "".join(chunk.text for chunk in chunks)
    added = with_value(before, ("profiles", "new", "model"), "x")
    removed = without(added, ("profiles", "new"))
    assert removed in (before, before + "\n", before + "\r\n")  # a missing final newline is added


def _assert_only_one_chunk_differs(
    chunks: list[Chunk], keys: tuple[str, ...], before: str, after: str
) -> None:
    place = next((i for i, chunk in enumerate(chunks) if keys in chunk.sets), None)
    if place is not None:
        head = "".join(chunk.text for chunk in chunks[:place])
        tail = "".join(chunk.text for chunk in chunks[place + 1 :])
        assert after.startswith(head.removeprefix("\ufeff") if not place else head)
        assert after.endswith(tail)
        return
    start = 0  # text was inserted: the old text is before and after it
    while start < len(before) and before[start] == after[start]:
        start += 1
    assert after.endswith(before[start:])


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((key, _sorted(item)) for key, item in value.items())
    return value
