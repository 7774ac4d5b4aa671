"""Bring the columns that a loss reads to it: from memory or from a store, split, shuffled and in batches."""

__all__: list[str] = []
