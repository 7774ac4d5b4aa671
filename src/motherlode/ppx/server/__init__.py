"""Serve a simulator of ours to any PPX client."""

from motherlode.ppx.server.serving import Server, serve

__all__ = ["Server", "serve"]
