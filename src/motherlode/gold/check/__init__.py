"""Find out in a handful of events whether a simulator can be mined, and say so in words."""

from motherlode.gold.check.checking import Explain, examine

__all__ = ["Explain", "examine"]
