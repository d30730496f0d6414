"""A language model as one HTML file that runs in a browser, without a server or a network."""

from nextword.interop.html.contents import PageContents, page_contents
from nextword.interop.html.page_file import html_model_page

__all__ = ["PageContents", "html_model_page", "page_contents"]
