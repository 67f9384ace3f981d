"""The same tree again, and captured payloads, platform servers, stories and faults."""
