"""What lies in shared memory, one structure a file."""
