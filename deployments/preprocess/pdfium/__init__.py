"""The task of the child process that opens PDFs: it draws pages with PDFium, and reads their text layers.

Nothing here imports numpy, Ray, pydantic or models, so that the process stays small. The parent's side is in `pdf`.
"""
