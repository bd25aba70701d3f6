"""Findings that somebody read and does not follow, with the reason, for those who come after."""
