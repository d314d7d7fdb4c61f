"""Serve the artifact as what it is: a static web site. Every browser computes by itself."""

from ...serving.static import serve_site as serve

__all__ = ["serve"]
