"""Servers of our own for testers and tests: strict, countable, and able to misbehave on demand."""

from terminal.sandbox.faults import Fault
from terminal.sandbox.server import Sandbox

__all__ = ["Fault", "Sandbox"]
