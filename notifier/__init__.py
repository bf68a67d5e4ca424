"""WHO MUST KNOW: takes notifications from the outbox and tries every channel."""
