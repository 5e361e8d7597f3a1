"""The guard behind an HTTP API, and its page."""
