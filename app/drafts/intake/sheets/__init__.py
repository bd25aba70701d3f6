"""Tables as files: workbooks (.xlsx) and delimited text."""
