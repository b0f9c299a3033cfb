"""The dialects that the clouds speak."""

from enum import StrEnum


class Vendor(StrEnum):
    GCORE = "gcore"
    OPENAI = "openai"
    GATEWAY = "gateway"
