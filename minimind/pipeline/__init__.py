"""A pipeline: trainings one after the other, each a run folder beside the pipeline's own. No torch."""
