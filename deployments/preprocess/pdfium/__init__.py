"""What runs in the child process that opens PDFs: PDFium and what is made of its answers.

Nothing here imports numpy, Ray, pydantic or the rest of rayocr, so that the process stays small. Its parent's side is
`deployments.preprocess.pdf`.
"""
