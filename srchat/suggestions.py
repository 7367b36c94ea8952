"""Suggestions for a mistyped name. Pure."""

import difflib
import itertools
from collections.abc import Iterable
from typing import Final

_MAX_COMPARED: Final = 5000  # names: similarity takes 0.1 ms each
_MAX_LISTED: Final = 20


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a hint with the most similar name, or with all names."""
    known = list(names)
    if close := closest(name, known):
        return f"did you mean {close!r}?"
    more = ", ..." if len(known) > _MAX_LISTED else ""
    return f"choose from: {', '.join(known[:_MAX_LISTED])}{more}"


def closest(name: str, names: Iterable[str]) -> str:
    """Return the most similar name, "" if none is similar. Prefixes come first; case is ignored."""
    known = list(itertools.islice(names, _MAX_COMPARED))
    folded = {each.casefold(): each for each in reversed(known)}  # the first of equal names
    wanted = name.casefold()
    longer = [each for each in folded if each.startswith(wanted)]
    close = [min(longer, key=len)] if longer and name else []
    close += difflib.get_close_matches(wanted, folded, n=1)
    return folded[close[0]] if close else ""
