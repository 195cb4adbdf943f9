"""The terminal: software for unattended machines that take money."""

__version__ = "0.1.0"
