"""Processes and turns: what runs the emulated kernel, and in which order."""
