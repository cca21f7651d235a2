"""What scripts/demo.py is made of: the server, the client and the tables."""
