"""Measurements against the goals: `make bench`, or `python -m tests.bench --help`."""
