"""The index of runs: the only place that speaks SQL. Deleting it loses nothing; the run folders are the truth."""
