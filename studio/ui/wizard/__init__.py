"""The wizard: from a wish to a run that will work. One file per step; the logic is in studio.planning."""
