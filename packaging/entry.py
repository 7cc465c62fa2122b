"""Where the packed program begins: the command line, which opens the window when no command is given."""

import sys

from model_manager.base.frozen import free_children
from model_manager.cli import main

if __name__ == "__main__":
    free_children()
    sys.exit(main())
