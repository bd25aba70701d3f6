"""One draft: its page, and writing it."""
