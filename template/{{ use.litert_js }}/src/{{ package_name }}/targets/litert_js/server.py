"""Serve the artifact as what it is: a static web site."""

from ...serving.site import serve_site as serve

__all__ = ["serve"]
