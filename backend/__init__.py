"""WHAT IS TRUE: the record of people, tags, fixes and alerts, and the only writer of each."""
