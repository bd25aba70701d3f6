"""Shares of errors: of proofreads, drafts, sections, months, and of one's own work. Nobody is ranked."""
