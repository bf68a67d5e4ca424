"""Commands: one frozen model for each operation on a case, which forms, JSON routes and imports build alike."""
