"""A realm of Onslip 360, as testers have it: ``server``, and what it is made of."""
