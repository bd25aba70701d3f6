"""One proof: its page, and marks on it."""
