"""Give uniform numbers that are real numbers and notice what they are compared with."""

__all__: list[str] = []
