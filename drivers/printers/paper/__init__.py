"""The paper that bytes for an ESC/POS printer make: read back, and drawn at the printer's own dots.

It knows nothing of how the bytes were made. It is strict: what it does not understand, a code page that the
printer does not have, or something wider than the paper is an error, where a real printer would print rubbish.
"""
