"""WHAT WAS TRUE AT T: dated facts, how they are read and appended, and what their ends stop."""
