"""The OCR itself, without Ray or HTTP: pixels to quads to text."""
