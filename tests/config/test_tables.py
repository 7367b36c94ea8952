"""Tables of named values: template variables and request headers."""

import pytest

from srchat.config.tables import Headers, Variables


@pytest.mark.parametrize(
    "value",
    [
        {"Authorization": "x"},
        {"HOST": "x"},
        {"content-length": "1"},
        {"Content-Type": "x"},
        {"Transfer-Encoding": "chunked"},
        {"X A": "x"},
        {"": "x"},
        {"X-A": "é"},
        {"X-A": "a\r\nHost: b"},
        {"X-A": 1},
        ["X-A"],
    ],
)
def test_headers_that_could_change_the_request_are_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - without a message, as of every type
        Headers().check(value)


@pytest.mark.parametrize("value", [{"a-b": "x"}, {"input": "x"}, {"prompt": "x"}, {"a": 1}, "a"])
def test_variables_are_texts_with_identifiers_as_names(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - without a message, as of every type
        Variables().check(value)


def test_a_variable_may_be_empty_or_contain_an_equals_sign() -> None:
    assert Variables().parse("a=b=c") == {"a": "b=c"}
    assert Variables().parse("a=") == {"a": ""}
    with pytest.raises(ValueError):  # noqa: PT011 - without a message, as of every type
        Variables().parse("a")
