"""What every floor may use: catalogues of names, seeds, files written whole, optional imports, the allocator."""
