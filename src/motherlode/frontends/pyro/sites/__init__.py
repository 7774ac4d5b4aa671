"""Draw one site of a Pyro model from uniforms at fixed positions, and evaluate its density as gold needs it."""

__all__: list[str] = []
