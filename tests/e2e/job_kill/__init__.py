"""Killing parts of a service while it works on jobs, at random moments."""
