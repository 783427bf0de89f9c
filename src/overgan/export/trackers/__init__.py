"""Tools that show curves; to add one is to add a file here, and a line to TRACKERS."""
