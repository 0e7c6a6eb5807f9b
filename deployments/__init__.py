"""The replicas, which load nets, batch work and report health, their storages, and the pipeline that joins them.

The arithmetic of OCR is in `models`. HTTP, the command line, jobs and the whole tree of settings are in `serve`.
"""
