"""The parts of the run page: what they say (no Qt), and the widgets that say it."""
