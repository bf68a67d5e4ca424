"""Staff and protected people: their phones, numbers, agreements and shifts, and the ways to reach them."""
