"""Find and explain the line where θ reaches x outside a draw, or where a random number is hidden."""

__all__: list[str] = []
