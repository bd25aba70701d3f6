"""People and their posts: accounts, absences, leaving."""
