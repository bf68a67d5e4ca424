"""The ways to reach a person, each a small module, none trusted."""
