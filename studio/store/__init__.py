"""The index of runs: the only place that speaks SQL. The run folders are the truth; it can be rebuilt."""
