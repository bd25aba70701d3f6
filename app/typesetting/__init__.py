"""Setting pages: templates and fonts of our own, the same bytes for the same words."""
