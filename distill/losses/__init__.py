"""Loss terms, one a file, each registered by its constant `LOSS`."""
