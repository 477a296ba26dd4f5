"""Files that `hanknn new` writes: they are checked and tested as any other."""
