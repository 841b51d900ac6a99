"""From findings to a changed host and back: a plan (pure), the executor (the only hands), its journal, and undo."""
