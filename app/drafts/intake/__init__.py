"""Taking text in: text, Markdown, HTML or blocks become a `Document`, and nothing disappears in silence.

`text`, `markdown` and `html` read a source into a `Builder`: blocks, fields and what was left out. Markdown
is laid out as HTML first, so that there is one reader of marked-up text. `taking` is the door: it bounds what
may come in and go out; `reading` lets what is heavy be read in a process of its own.

This module imports nothing, so that such a process starts quickly.
"""
