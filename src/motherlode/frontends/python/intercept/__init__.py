"""Mine code that takes no generator: within a scope, module-level randomness is the stream of the run."""

__all__: list[str] = []
