"""The delivery of the journal to the servers: independent of the loop, on threads of its own."""
