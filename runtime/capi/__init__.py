"""The flat surface for C: a header, a library around an interpreter, and what builds it."""
