"""What the document cannot say of a request."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """A cursor is what an earlier page gave: any other text is refused, though the document calls it text."""
    if case.meta is not None and case.meta.generation.mode.is_positive and case.query:
        case.query.pop("cursor", None)
    # Which names nobody may take is account's own list. "admin" is the one of them that answers show, and so the one tried.
    if case.path == "/api/account/signup" and isinstance(case.body, dict) and case.body.get("username") == "admin":
        case.body = {**case.body, "username": "administratress"}
