"""The store: every query is a named method of one of its parts, and rows never leave it."""
