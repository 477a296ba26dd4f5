"""References for `hank`, and the tables that ship with it."""
