"""Many requests from one file: OpenAI's batch format, its results, and the runner."""
