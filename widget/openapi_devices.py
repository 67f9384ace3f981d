"""Shapes of what apps need besides the frames, for /openapi.json."""

from __future__ import annotations

from pydantic import BaseModel, Field

from widget.openapi_shapes import Id


class DeviceAsked(BaseModel):
    """A device that wants to be told of answers. `kind`: fcm or apns; `token`: what that service gave to the app."""

    kind: str = Field(max_length=16)
    token: str = Field(min_length=1, max_length=1024)
    locale: str = Field("", max_length=16)
    timezone: str = Field("", max_length=64, description="the device's own, as Asia/Shanghai: for quiet hours")


class Device(BaseModel):
    """The device's id: the same however often it is named."""

    id: Id


class Unread(BaseModel):
    """How many answers are not read; `head` is the end of the log, `read` the place up to which it was read."""

    unread: int
    head: int
    read: int
