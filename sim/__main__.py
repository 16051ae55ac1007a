"""``python -m sim`` is ``kumakan``."""

from sim.cli import main

if __name__ == "__main__":  # worker processes import this file again and must not start over
    main()
