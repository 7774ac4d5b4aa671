"""Keep uniform numbers undecided until the simulator shows what they are for."""

__all__: list[str] = []
