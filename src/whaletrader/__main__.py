"""``python -m whaletrader`` is the command itself."""

from whaletrader.cli.main import main

main()
