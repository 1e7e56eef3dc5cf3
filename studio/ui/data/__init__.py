"""The data page: files, what is trained of them, counts."""
