"""What every form of the web client has in common: what was typed is kept, whatever becomes of it."""
