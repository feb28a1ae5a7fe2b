"""What can be done with pocketlens by its public surface alone."""
