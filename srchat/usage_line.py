"""What an answer cost, on one line. Pure."""

from srchat.turn import Reply


def usage_line(reply: Reply) -> str:
    """Return model, tokens, time and speed of an answer, as far as they are known."""
    seconds = reply.ended_at - reply.asked_at
    parts = [reply.model]
    if reply.usage:
        parts.append(f"{reply.usage.prompt_tokens} tokens in, {reply.usage.completion_tokens} out")
    else:
        parts.append("the server counted no tokens")
    parts.append(f"{seconds:.1f} s")
    if reply.first_at:
        parts.append(f"first text after {reply.first_at - reply.asked_at:.1f} s")
    streaming = reply.ended_at - reply.first_at
    if reply.usage and reply.first_at and streaming > 0 and reply.usage.completion_tokens > 1:
        parts.append(f"{reply.usage.completion_tokens / streaming:.0f} tokens/s")
    if reply.rate_limit:
        parts.append(str(reply.rate_limit))
    return ", ".join(parts)
