"""Engines, one a file, each registered by its constant `ENGINE`."""
