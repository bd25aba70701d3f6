"""PDF files: the words of their pages, and what lies beside them."""
