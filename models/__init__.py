"""The OCR itself: it turns pixels into quads, and quads into text.

Nothing here knows Ray, HTTP or where a document is stored; `deployments` and `serve` do.
"""
