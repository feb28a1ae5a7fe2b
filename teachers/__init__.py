"""Teacher networks, one a file, each registered by its constant `MODEL`."""
