"""A plug-in by which OCRmyPDF reads with rayocr. `plugin` is what OCRmyPDF sees, and `readers` does the reading."""
