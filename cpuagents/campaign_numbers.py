"""Numbers that coordinator and control agents must agree on."""

CHUNK = 32  # Schedules in one request, and also those that share a generated workload.

# Streams of chance that derive seeds from the master seed.
STREAM_SCHEDULE = 33
STREAM_CALM = 34
