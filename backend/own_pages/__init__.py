"""The protected person's own page: invitation, phone, PIN and second phrase, sessions, and their calls for help."""
