"""What a study becomes as files; to add one is to add a file here, and a line to FORMATS."""
