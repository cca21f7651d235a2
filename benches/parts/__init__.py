"""One measurement a file; benches/README.md says what a part has to offer."""
