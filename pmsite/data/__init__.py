"""Bringing data in by the browser: deliveries, files on trial, unknown names."""
