"""Small widgets that read tokens from Appearance and know nothing of runs or files."""
