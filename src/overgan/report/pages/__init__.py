"""What the report of each kind of study says."""
