"""The channels that reach a person, each a small module; none is trusted."""
