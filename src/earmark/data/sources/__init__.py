"""Where data sets come from: one layout on disk a module."""
