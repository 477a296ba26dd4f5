"""References for `rank`."""
