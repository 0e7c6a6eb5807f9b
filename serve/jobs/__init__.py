"""Asynchronous jobs: many documents handed in at once, read in the background, kept until they are fetched."""
