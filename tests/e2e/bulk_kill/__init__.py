"""Bulk runs whose driver, workers and storage are killed at random moments."""
