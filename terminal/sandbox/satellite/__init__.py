"""A Satellite server, as testers have it: ``server``, and what it is made of."""
