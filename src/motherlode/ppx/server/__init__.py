"""Serve a simulator of ours to any PPX client."""

__all__: list[str] = []
