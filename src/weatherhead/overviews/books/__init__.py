"""The books as screens and files: what each of their pages says, gathered at once."""
