"""Coin and bill acceptors."""
