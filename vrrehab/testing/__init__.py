"""Helpers for tests, public so that others can test against them too."""
