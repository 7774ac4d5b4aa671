"""Find out how a Pyro model runs for many events at once: its layout, what it fixes itself, and what its masks hide."""

__all__: list[str] = []
