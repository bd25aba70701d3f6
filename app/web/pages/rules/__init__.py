"""The negative list: for reading, changing, trying and bringing into force."""
