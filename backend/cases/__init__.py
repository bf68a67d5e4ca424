"""The case over real time: orders, zones, lives and people as they were at any instant, and the only writer of them."""
