"""A staff list as accounts, units and roles: looked at first, then carried out as a whole or not at all."""
