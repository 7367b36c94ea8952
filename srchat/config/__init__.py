"""Settings: the table of them, the layers of their values, and the configuration file."""
