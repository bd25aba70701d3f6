"""What a browser may do with a proof, wherever it is shown: over the API, on its page, behind a link."""

#: A proof is shown as it will be published and can do nothing: no script, no form, no address but our own
#: pictures. Its inline styles are what the channel will get; it is framed by our own pages alone. Pictures
#: need the session, hence our origin; scripts never run.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin"
)
