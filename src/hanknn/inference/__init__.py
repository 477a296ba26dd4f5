"""What follows from data: filters, likelihoods, surrogates of them, posteriors."""
