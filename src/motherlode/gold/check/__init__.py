"""Find out in a handful of events whether a simulator can be mined, and say so in words."""

from motherlode.gold.check.verdict import Explain, check_simulator

__all__ = ["Explain", "check_simulator"]
