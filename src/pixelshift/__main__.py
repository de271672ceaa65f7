"""``python -m pixelshift``."""

from pixelshift.cli import main

main()
