"""What a model is held to: measured when it is sealed, and measured again by `pocketlens verify`."""
