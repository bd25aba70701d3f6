"""Pages of what is out."""
