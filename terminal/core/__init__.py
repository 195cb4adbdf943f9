"""The pure core: no I/O, no clock, no randomness, no logging. Values in, values out."""
