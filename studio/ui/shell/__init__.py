"""What the window does wherever a person is: commands, palette, glossary."""
