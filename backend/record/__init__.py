"""WHAT WAS TRUE AT T: dated entries, how they are read and appended, and what their ends stop."""
