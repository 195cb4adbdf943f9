"""The adapter of a Satellite server, and what it is made of."""
