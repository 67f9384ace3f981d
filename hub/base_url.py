"""A server's address as admins write it: with a host, and without a slash at its end."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator


def _based(url: str) -> str:
    if not re.match(r"https?://[^\s/]+", url):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_based)]
