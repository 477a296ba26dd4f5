"""The heterogeneous-agent New Keynesian model with the zero lower bound, and the tables that it ships with."""

from .model import HANK as HANK
