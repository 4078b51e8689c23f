"""`python -m vrrehab`, the same as the `vrrehab` command."""

from vrrehab.cli import main

main()
