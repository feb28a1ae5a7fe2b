"""pocketlens: big video-enhancement models made small, checked, and run live."""

__version__ = "0.1.0"
