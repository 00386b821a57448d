"""One HTML file that opens offline. Reads results; never trains."""
