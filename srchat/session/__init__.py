"""Conversations with a server: prompts in, events out. Shared by `ask`, `chat` and batches."""
