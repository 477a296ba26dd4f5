"""What a person meets: the command line, figures, folders of runs, published experiments."""
