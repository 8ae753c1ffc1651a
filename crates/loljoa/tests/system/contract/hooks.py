"""What the document cannot say of a request."""

import schemathesis


@schemathesis.hook
def filter_query(ctx, query):
    """A cursor is what an earlier page gave: any other text is refused, though the document calls it text."""
    return not (query and query.get("cursor"))
