"""Data of vrrehab: the avatar, the script that bakes it and, in PROVENANCE.md, where every part came from."""
