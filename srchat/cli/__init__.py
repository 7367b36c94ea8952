"""The shell: options in, exit code out."""
