"""Bakes the avatar's models from MakeHuman's CC0 data: `python -m models.bake`; see PROVENANCE.md beside the models."""
