"""Wizard logic: choices so far, what is wrong with them, what they will cost, the job they make. No Qt."""
