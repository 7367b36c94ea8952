"""The way out of what a server refuses, in srchat's own words. Pure."""

from srchat.config.settings import Resolved
from srchat.errors import APIStatusError, AuthenticationError, RateLimitError


def hint_for_status(exc: APIStatusError, settings: Resolved) -> str:
    """Return what to do about an error status; "" where nobody but the server can help."""
    if exc.status == 401 or (isinstance(exc, AuthenticationError) and exc.status != 403):
        return _about_key(settings)
    if exc.status == 403:
        return "the key may not do this; another key or model may"
    if exc.status in (404, 405):
        return f"is base_url right? it is {settings.config.base_url}; it usually ends in /v1"
    if exc.code == "insufficient_quota":
        return "no wait helps; the account of this key has nothing left to spend"
    if isinstance(exc, RateLimitError):
        return "wait a little, or let srchat wait longer: the settings retries and max_wait"
    return ""


def is_about_model(exc: APIStatusError, model: str) -> bool:
    """Tell whether the server does not know the model."""
    said = exc.message.lower()
    named = "model" in said and model.lower() in said
    return exc.status in (400, 404) and (exc.code == "model_not_found" or named)


def joined(*hints: str) -> str:
    """Return several hints as one text; one that ends with a question mark needs no semicolon."""
    text = ""
    for hint in filter(None, hints):
        mark = " " if text.endswith("?") else "; "
        text = f"{text}{mark}{hint}" if text else hint
    return text


def _about_key(settings: Resolved) -> str:
    if name := settings.key_setting:
        of = "" if name == "api_key" else f"the {name} of "
        return f"the key comes from {of}{settings.origins[name]}; is it for this server?"
    if settings.withheld:
        return (
            f"no key was sent: the one of {settings.withheld} is for another server; "
            "SRCHAT_API_KEY is sent to any, a profile's own api_key to its own"
        )
    return "no key was sent; set one with: srchat config set api_key"
