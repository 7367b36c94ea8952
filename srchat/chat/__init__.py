"""A chat: what it knows and what its commands do, apart from the prompt it is typed at."""
