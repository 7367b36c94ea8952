"""What a prompt and its answer are, the same for `ask`, `chat` and batches: events, no output."""
