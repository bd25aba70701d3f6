"""What stands on a draft's page, each panel made for reading; nothing here writes."""
