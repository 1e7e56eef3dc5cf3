"""The network: one implementation for every preset, described by its configuration."""
