"""Checks by services outside: what is sent, what comes back, and what of it is believed."""
