"""JSON that every program reads."""

import json
import math
from typing import Any


def to_json(content: Any) -> str:
    """`content` as JSON text, indented; a number that is not finite, for which JSON has no word, is null.

    Example: `to_json({"share": float("nan")})` holds `"share": null`.
    """
    return json.dumps(_finite(content), indent=2, allow_nan=False)


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
