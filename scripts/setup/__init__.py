"""What `make run`, `make test` and their relatives need before they can work."""
