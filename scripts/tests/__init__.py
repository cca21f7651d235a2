"""Tests of the demo's own pieces."""
