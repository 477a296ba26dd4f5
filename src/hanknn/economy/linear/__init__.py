"""Linear algebra of small systems, many at a time: what a linearised economy needs, for every parameter value."""
