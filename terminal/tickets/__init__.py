"""The codes of tickets: what is printed on them, and what a gate can say about it with no network."""
