"""What was found, in SQLite. The only package that imports sqlite3. Rebuilt by scanning if lost."""

from sqlite3 import Connection as Tx

from model_manager.catalog.database import Database

__all__ = ["Database", "Tx"]
