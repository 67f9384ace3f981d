"""Shapes of the calls that send mail to customers."""

from __future__ import annotations

from pydantic import BaseModel, Field


class TranscriptAsked(BaseModel):
    """Where to; empty: the address that is known of the customer."""

    email: str = Field("", max_length=190)


class Mailed(BaseModel):
    """Where it will go."""

    email: str
