"""A server of OnlinePOS, as testers have it: ``server``, and what it is made of."""
