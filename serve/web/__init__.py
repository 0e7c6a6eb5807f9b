"""The web page: its files in `static/`, which browsers run as they are, and the routes that serve them.

The page uses the HTTP API alone, as any client does. What only the page needs of the API lies in `serve.api`.
"""
