"""What the five servers' own pages name, and where the terminal uses it: ``docs/contracts.md``."""
