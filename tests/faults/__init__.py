"""The faults that a warning has to survive, each with its remedy and once without it."""
