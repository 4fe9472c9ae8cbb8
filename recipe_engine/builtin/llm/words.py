"""The closed lists of words that a step and a request share."""

from __future__ import annotations

from typing import Literal

Complexity = Literal["classify", "extract", "write", "analyze", "reason"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
Kind = Literal["image", "audio", "document", "file"]
# Why a model stopped: by itself, at max_tokens, because it will not answer, because nothing more fits its context.
Stop = Literal["end", "truncated", "refused", "context_too_long", "other"]

BASE_URL = "https://api.anthropic.com"
