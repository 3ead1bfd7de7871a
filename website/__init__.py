"""What makes the site (``make docs``) of docs/, notebooks/, conf/ and the docstrings."""
