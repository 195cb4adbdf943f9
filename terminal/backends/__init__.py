"""Adapters: one file for each server, loaded on demand."""
