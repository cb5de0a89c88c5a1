"""Runs notebooks from top to bottom; a cell that fails, fails."""

import sys

import nbformat
from nbclient import NotebookClient

for path in sys.argv[1:]:
    NotebookClient(nbformat.read(path, as_version=4), timeout=120).execute()
    print("ran", path)
