"""The delivery of the journal to the servers: independent of the loop, on threads of its own."""

from terminal.sync.engine import BackendState, Engine

__all__ = ["BackendState", "Engine"]
