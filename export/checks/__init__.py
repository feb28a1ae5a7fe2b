"""What hurts a graph in the field, one fault a file, each registered by its constant `CHECK`."""
