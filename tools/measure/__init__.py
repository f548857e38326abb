"""What `scxemu bench` measures: one thing a file, each against a baseline of the same run."""
