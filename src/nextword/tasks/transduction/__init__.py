"""Sequence to sequence: an encoder of the source, a decoder of the target, and a search."""
