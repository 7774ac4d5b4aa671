"""Carry numbers at θ and at other points through one run of plain Python."""

__all__: list[str] = []
