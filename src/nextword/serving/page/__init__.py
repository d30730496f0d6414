"""The page at `/`: its files and their routes, with a Content-Security-Policy."""

from nextword.serving.page.files import PageFile, page_files
from nextword.serving.page.routes import page_routes

__all__ = ["PageFile", "page_files", "page_routes"]
