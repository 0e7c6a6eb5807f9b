"""Bulk runs whose driver, workers, nodes and storage are killed at random moments."""
