"""Token readers."""
