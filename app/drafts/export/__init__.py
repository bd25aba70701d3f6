"""Drafts as files for other programs."""
