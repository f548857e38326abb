"""The contract as data: ids, flags, states, limits, the ops table."""
