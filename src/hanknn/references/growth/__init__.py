"""References for `rbc`, with and without a floor under investment."""
