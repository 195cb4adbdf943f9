"""What gives out a piece: relays and machine protocols."""
