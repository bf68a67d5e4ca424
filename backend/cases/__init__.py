"""Cases over time: orders, zones, monitoring status and people, as they were at any instant, and how they change."""
