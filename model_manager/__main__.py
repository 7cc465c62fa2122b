"""`python -m model_manager`: the same as the `model-manager` command."""

import sys

from model_manager.cli import main

if __name__ == "__main__":
    sys.exit(main())
