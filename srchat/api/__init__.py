"""The server: the chat-completions protocol as OpenAI, LiteLLM and vLLM speak it."""
