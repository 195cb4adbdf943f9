"""A server of Kensium POS, as testers have it: ``server``, and what it is made of."""
