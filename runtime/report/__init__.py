"""A page about models: what was measured of them, and what is said of them."""
