"""The key is validated, and redacted in every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srchat.api.key import checked_key, masked, redacted
from srchat.errors import ConfigError

KEY = "sk-srt-0123456789abcdef"


@pytest.mark.parametrize("text", [KEY, f" {KEY}\n", f"\t{KEY}\r\n", f"\u00a0{KEY}\u2003"])
def test_blanks_around_a_key_are_stripped(text: str) -> None:
    assert checked_key(text) == KEY


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="empty"):
        checked_key(text)


@pytest.mark.parametrize("bad", ["\n", "\r", " ", "\0", "\x7f", "é", "\u200b", "“", "😀", "\udc00"])
def test_a_key_that_is_no_header_value_is_rejected_and_not_shown(bad: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_key(f"sk-secret{bad}part")
    message = f"{caught.value.message} {caught.value.hint}"
    assert f"U+{ord(bad):04X}" in message
    assert "character 10" in message
    assert "secret" not in message
    assert "part" not in message


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1))
def test_every_visible_ascii_text_is_a_key(text: str) -> None:
    assert checked_key(text) == text


@pytest.mark.parametrize(
    ("key", "shown"), [(KEY, "…cdef"), ("0123456789ab", "…89ab"), ("0123456789a", "…"), ("", "…")]
)
def test_at_most_the_last_four_characters_of_a_long_key_are_shown(key: str, shown: str) -> None:
    assert masked(key) == shown


@pytest.mark.parametrize(
    "text", [KEY, f"Bearer {KEY}", f'{{"key":"{KEY}"}} and {KEY}', f"{KEY}{KEY}"]
)
def test_a_key_is_redacted_anywhere(text: str) -> None:
    clean = redacted(text, [KEY])
    assert KEY not in clean
    assert "[key …cdef]" in clean
    assert redacted(clean, [KEY]) == clean


@pytest.mark.parametrize("end", ["", "…"])
@pytest.mark.parametrize("length", range(8, len(KEY)))
def test_the_prefix_of_a_key_in_truncated_text_is_redacted(length: int, end: str) -> None:
    clean = redacted(f"invalid key {KEY[:length]}{end}", [KEY])
    assert KEY[:8] not in clean
    assert clean.startswith("invalid key [key …cdef]")


@pytest.mark.parametrize("key", ["", "none", "x"])
def test_a_common_word_as_key_is_not_redacted(key: str) -> None:
    assert redacted("none of this is x", [key]) == "none of this is x"


def test_a_text_without_the_key_stays_as_it_is() -> None:
    assert redacted("the server said sk-no", [KEY]) == "the server said sk-no"


@pytest.mark.parametrize(
    "part",
    [
        KEY[1:],
        KEY[:-1],
        KEY[3:11],
        f"{KEY[:20]}****",
        " ".join(KEY),
        "\u200b".join(KEY),
        f"{KEY[:10]}\n{KEY[10:]}",
        f"{KEY[:12]}\u2060 {KEY[12:]}",
        *(
            tear.join(KEY)
            for tear in "\0\x1b\x7f\x9b\u034f\u061c\u180e\u202e\u2069\u206f\u3164\ufe0f\U000e0020"
        ),
    ],
)
def test_part_of_a_key_is_redacted_even_with_spaces_in_it(part: str) -> None:
    clean = redacted(f"you sent {part}!", [KEY])
    left = "".join(char for char in clean.removeprefix("you sent ") if char in KEY)
    assert "[key …cdef]" in clean
    assert not any(KEY[place : place + 8] in left for place in range(len(KEY) - 7))
    assert clean.endswith("!")


def test_a_text_with_many_keys_is_redacted_in_one_pass() -> None:
    # This took minutes when the text was copied for each key.
    text = f"{KEY}\n, " * 100_000
    assert redacted(text, [KEY]) == "[key …cdef]\n, " * 100_000


def test_a_word_inside_a_short_key_stays_in_texts() -> None:
    assert redacted("model vllm-primary", ["vllm-primary-1"]) == "model vllm-primary"


@given(st.text("sk-rt012345 ", max_size=60))
def test_no_run_of_eight_characters_of_the_key_is_left(text: str) -> None:
    clean = redacted(text, [KEY]).replace("[key …cdef]", "?")
    bare = clean.replace(" ", "")
    assert not any(KEY[place : place + 8] in bare for place in range(len(KEY) - 7))
