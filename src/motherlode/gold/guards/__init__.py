"""Find out whether gold is wrong: what every simulator must survive before its events are believed."""

from motherlode.gold.guards.probes import is_probed, probe_at, run_of, same_output

__all__ = ["is_probed", "probe_at", "run_of", "same_output"]
