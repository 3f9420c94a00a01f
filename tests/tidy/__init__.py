"""The house rules, checked: every rule has a test that it finds a bad example."""
