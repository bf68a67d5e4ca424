"""Figures of speed and memory, each beside a baseline from the same run."""
