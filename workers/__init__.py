"""The arq process: thin jobs around the hub's use-cases."""
