"""Signing in: what django-allauth and django-axes are told, and what a tenant adds to it."""
