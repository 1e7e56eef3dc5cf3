"""The parts of the runs table: filter and columns (no Qt), model, painting, the strip below."""
