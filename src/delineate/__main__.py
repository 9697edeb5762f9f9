"""`python -m delineate` is the command line."""

from .cli import main

main()
