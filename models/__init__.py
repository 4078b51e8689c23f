"""Data of vrrehab: see README.md in this folder."""
