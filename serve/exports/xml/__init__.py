"""The formats of XML that lie beside a picture, and place its text: hOCR, ALTO and PAGE.

`placed` gives them the places, and `xml_document` writes them a page at a time. Formats for readers are in the folder
above.
"""
