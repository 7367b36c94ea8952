"""Hints for error statuses. Pure."""

from srchat.config.resolution import Resolved
from srchat.errors import APIStatusError, AuthenticationError, RateLimitError


def hint_for_status(exc: APIStatusError, settings: Resolved) -> str:
    """Return what to do about an error status, "" if only the server can help."""
    if exc.status == 401 or (isinstance(exc, AuthenticationError) and exc.status != 403):
        return _about_key(settings)
    if exc.status == 403:
        return "this key is not allowed to do this; try another key or model"
    if exc.status in (404, 405):
        return f"check base_url: it is {settings.config.base_url}, and usually ends in /v1"
    if exc.code == "insufficient_quota":
        return "waiting does not help: the account of this key has no credit left"
    if isinstance(exc, RateLimitError):
        return "wait a moment, or raise the settings retries and max_wait"
    return ""


def is_about_model(exc: APIStatusError, model: str) -> bool:
    """Tell whether the server does not know the model."""
    said = exc.message.lower()
    named = "model" in said and model.lower() in said
    return exc.status in (400, 404) and (exc.code == "model_not_found" or named)


def joined(*hints: str) -> str:
    """Return the hints as one text, one per line."""
    return "\n".join(filter(None, hints))


def _about_key(settings: Resolved) -> str:
    if name := settings.key_setting:
        of = "" if name == "api_key" else f"the {name} of "
        return f"the key comes from {of}{settings.origins[name]}; is it for this server?"
    if settings.withheld:
        return (
            f"no key was sent: the one of {settings.withheld} belongs to another server\n"
            "SRCHAT_API_KEY is sent to any server, the api_key of a profile only to its own"
        )
    return "no key was sent; to set one: srchat config set api_key"
