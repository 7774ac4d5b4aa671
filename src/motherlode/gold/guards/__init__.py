"""Find out whether gold is wrong: what every simulator must survive before its events are believed."""

from motherlode.gold.guards.probes import is_probed, probe_at

__all__ = ["is_probed", "probe_at"]
