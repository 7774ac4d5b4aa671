"""Give a simulator one random generator, whose every draw the handlers see."""

__all__: list[str] = []
