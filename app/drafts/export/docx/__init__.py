"""A draft as a Word file in the layout of official documents (公文)."""
