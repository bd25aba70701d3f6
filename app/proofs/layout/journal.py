"""The internal journal: an A4 page for print, with the permit and the words that must stand on it.

Source: 《内部资料性出版物管理办法》 (permit number; "内部资料，免费交流" on the cover).
"""

from html import escape

from app.domain.document.model import Document, readings_of
from app.proofs.layout import markup
from app.proofs.layout.pages import Rendered, Setting, page, source_line
from app.typesetting import fonts

RENDERER = "journal/4"
_STYLE = """@page { size: A4; margin: 28mm 26mm 24mm 28mm; }
html { font-family: "Songti SC", "Noto Serif CJK SC", SimSun, serif; font-size: 10.5pt; line-height: 1.7; }
body { margin: 0 auto; max-width: 156mm; }
.imprint { display: flex; justify-content: space-between; border-bottom: 0.5pt solid #000; font-size: 9pt; }
.section { font-size: 9pt; margin: 4mm 0 0; }
h1 { font-size: 18pt; text-align: center; margin: 8mm 0 3mm; line-height: 1.4; }
.subtitle, .byline { text-align: center; margin: 0 0 3mm; }
h2 { font-size: 12pt; margin: 5mm 0 2mm; }
h3, h4, h5 { font-size: 10.5pt; margin: 3mm 0 1mm; }
p { text-indent: 2em; margin: 0; text-align: justify; orphans: 2; widows: 2; }
.imprint p, .section, .subtitle, .byline, .source { text-indent: 0; }
article { overflow-wrap: anywhere; }
.attachments { font-size: 9pt; margin-top: 2mm; text-indent: 0; }
li p { text-indent: 0; }
.source { text-align: right; margin-top: 4mm; font-size: 9pt; }
blockquote { margin: 2mm 2em; }
figure { margin: 3mm 0; text-align: center; break-inside: avoid; }
img { max-width: 100%; max-height: 110mm; }
figcaption { font-size: 9pt; }
table { width: 100%; border-collapse: collapse; font-size: 9pt; margin: 3mm 0; break-inside: avoid; }
th, td { border: 0.5pt solid #000; padding: 1mm; }
sup, sub { line-height: 0; }
"""
_MUST_STAND = ("permit", "imprint")


def render(document: Document, setting: Setting) -> Rendered:
    """Return the journal page; a channel whose settings lack the permit or the imprint exceeds its limits.

    So does a text with characters that the fonts of the printed page lack; the limit names them.
    """
    lines = [str(setting.config.get(name) or "").strip() for name in _MUST_STAND]
    missing = tuple(f"journal.{name}" for name, line in zip(_MUST_STAND, lines, strict=True) if not line)
    said = [text for _, text in document.texts()]
    said += [reading for block in document.blocks for _, reading in readings_of(block)]
    if lacking := fonts.missing("".join(said)):
        missing += (f"journal.glyphs:{''.join(lacking)}",)
    imprint = "".join(f"<p>{escape(line)}</p>" for line in (setting.channel, *lines) if line)
    parts = [
        f'<div class="imprint">{imprint}</div>\n',
        f'<p class="section">{escape(setting.section)}</p>\n',
        f"<article>\n<h1>{escape(document.title)}</h1>\n",
    ]
    parts += [
        f'<p class="{name}">{escape(words)}</p>\n'
        for name, words in (("subtitle", document.subtitle), ("byline", document.byline))
        if words
    ]
    parts.append(markup.body(document.blocks))
    if source := source_line(document):
        parts.append(f'<p class="source">{source}</p>\n')
    if words := setting.not_carried(document):
        parts.append(f'<p class="attachments">{escape(words)}</p>\n')
    parts.append("</article>\n")
    return Rendered(page(title=document.title, body="".join(parts), style=_STYLE), RENDERER, missing)
