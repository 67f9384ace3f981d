"""Fault runs: a whole installation under load while its processes are killed, and a checker that counts afterwards."""
