"""Preprocessing: documents in, upright RGB pages out."""
