"""The account page: everything for a call, without scrolling."""
