"""``python -m kouan`` is the command ``kouan``."""

from kouan.cli import main

main()
