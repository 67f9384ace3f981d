"""Slack as a desk: a thread for every conversation."""
