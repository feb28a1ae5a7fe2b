"""`python -m pocketlens`."""

from .cli import main

main()
