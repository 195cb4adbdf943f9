"""What pays coins out: hoppers."""
