"""`python -m webapp.commands`: the same as `oryn`, where the script is not on the path."""

from webapp.commands import main

main()
