"""The command line: one file a verb. Results go to stdout, talk goes to stderr."""

from earmark.cli.app import main

__all__ = ["main"]
