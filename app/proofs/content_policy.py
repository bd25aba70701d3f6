"""What a browser may do with a proof, wherever it is shown: over the API, on its page, behind a link."""

from fastapi.responses import Response

#: A proof is shown as it will be published and can do nothing: no script, no form, no address but our own
#: pictures. Its inline styles are what the channel will get; it is framed by our own pages alone. Pictures
#: need the session, hence our origin; scripts never run.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin"
)


def framed(content: bytes, media_type: str, digest: str) -> Response:
    """Return what was laid out as an answer to be shown in a frame that can do nothing."""
    headers = {
        "Content-Security-Policy": CONTENT_POLICY,
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{digest}"',
        # Nothing of an unpublished text stays in a browser.
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
    }
    return Response(content, media_type=media_type, headers=headers)
