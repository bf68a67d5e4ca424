"""WHO MUST KNOW: takes what the outbox owes to people and tries every way there is."""
