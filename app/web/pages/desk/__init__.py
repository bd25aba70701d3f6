"""What a person comes to: the work that awaits them, drafts, the board, notices."""
