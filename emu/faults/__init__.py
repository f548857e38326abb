"""Faults: named ways to break one guard of the protocol."""
