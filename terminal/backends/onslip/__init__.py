"""The adapter of a realm of Onslip 360, and what it is made of."""
