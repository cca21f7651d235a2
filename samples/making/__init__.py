"""What samples/make.py is made of: sources, the card and the clip."""
