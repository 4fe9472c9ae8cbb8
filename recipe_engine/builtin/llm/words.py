"""The closed lists of words that a step and a request share."""

from __future__ import annotations

from typing import Final, Literal

Complexity = Literal["classify", "extract", "write", "analyze", "reason"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
Kind = Literal["image", "audio", "document", "file"]
# Why a model stopped: by itself, at max_tokens, because it will not answer, because nothing more fits its context.
Stop = Literal["end", "truncated", "refused", "context_too_long", "other"]

# Who can answer. `sandbox` answers with samples.
ProviderName = Literal["anthropic", "openai_compatible", "manual", "sandbox"]
DEFAULT_PROVIDER: Final = "anthropic"
# How a model is told to think: always on, by the vendor's adaptive kind, or with a budget of tokens.
Thinking = Literal["always", "adaptive", "budget"]

BASE_URL = "https://api.anthropic.com"
OPENAI_URL = "https://api.openai.com/v1"
