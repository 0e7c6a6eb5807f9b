"""Bulk runs over very many tiny pictures: what the listing, Ray Data and the storage take."""
