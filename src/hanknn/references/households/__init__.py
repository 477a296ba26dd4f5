"""Answers for economies with a household block that share nothing with a network."""

from .linear_responses import linear_responses as linear_responses
