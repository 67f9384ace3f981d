"""The two faces in a real Chromium."""
