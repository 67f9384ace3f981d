"""The web process: hooks, the customer protocol, the agents' console, live streams."""
