"""Staff and protected people: phones, numbers, consent, shifts, and the channels that reach them."""
