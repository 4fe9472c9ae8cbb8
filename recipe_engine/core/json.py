"""The JSON values that state, events and plans are made of, and their size."""

from __future__ import annotations

from typing import Any, TypeAlias

# JSON enters here; a recursive alias costs more in casts than it finds.
JSON: TypeAlias = Any
JSONObject: TypeAlias = dict[str, Any]
