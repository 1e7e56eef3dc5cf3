"""Parts of the preferences that are no options."""
