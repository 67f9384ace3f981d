"""Tests of what admins write and of the command that runs it."""
