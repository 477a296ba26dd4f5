"""How Python and JAX are used: errors, files, compilation, precision. No economics."""
