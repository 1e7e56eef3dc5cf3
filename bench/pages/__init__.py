"""Every page in its main states, from the data of a real run: pictures for builders, scenes for tests."""
