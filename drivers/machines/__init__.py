"""Vending machines that ask for payment: the terminal is their card reader."""
