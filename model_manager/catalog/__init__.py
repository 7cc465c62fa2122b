"""What was found, in SQLite. The only package that imports sqlite3. Rebuilt by scanning if lost."""

from model_manager.catalog.database import Database

__all__ = ["Database"]
