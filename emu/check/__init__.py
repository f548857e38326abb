"""Oracles: detectors that look on while a run goes on."""
