"""The chat-completions protocol as spoken by OpenAI, LiteLLM and vLLM."""
