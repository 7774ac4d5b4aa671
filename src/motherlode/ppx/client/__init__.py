"""Drive a simulator behind a socket: own its process, connect, ask for blocks or draw by draw, each with a deadline."""

__all__: list[str] = []
