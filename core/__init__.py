"""Facts that every part of pocketlens shares; depends on no other part."""
