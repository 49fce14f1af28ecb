"""Draws the mail and the messages of the chats, as they arrive, from the snapshots: `make pictures`.

The pictures are SVG, made of nothing but rectangles and lines of text whose width is set, so that they look alike
wherever they are shown. A test compares them with the snapshots, so that they cannot go stale.
"""

import json
import re
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
SNAPSHOTS = HERE / "snapshots"
PICTURES = HERE.parent / "pictures"
EVENT = "create_user"

SANS = "Helvetica, Arial, 'Liberation Sans', sans-serif"
MONO = "Menlo, Consolas, 'Liberation Mono', monospace"
INK, PALE, LINK, CODE, ALARM = "#1d1c1d", "#696969", "#1264a3", "#b3134b", "#c4314b"

#: How wide characters are in Helvetica, in thousandths of its size; what is not here is 556.
WIDTHS = {
    **dict.fromkeys("ijl'", 222),
    **dict.fromkeys(" !,./:;I[\\]ft·", 278),
    **dict.fromkeys("()-r`{}|\"", 333),
    **dict.fromkeys("cksvxyzJ", 500),
    **dict.fromkeys("+<=>~", 584),
    **dict.fromkeys("FTZ", 611),
    **dict.fromkeys("&ABEKPSVXY", 667),
    **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("GOQ", 778),
    **dict.fromkeys("mM", 833),
    **{"•": 350, "W": 944, "%": 889, "@": 1015, "…": 1000},
}


class Style:
    """How a run of text looks."""

    def __init__(self, size=15, colour=INK, bold=False, mono=False, box=None):
        self.size, self.colour, self.bold, self.mono, self.box = size, colour, bold, mono, box

    def width(self, text):
        if self.mono:
            return 0.602 * self.size * len(text)
        return sum(WIDTHS.get(c, 556) for c in text) * self.size / 1000 * (1.06 if self.bold else 1)


def wrapped(runs, width):
    """Lines of runs, each a text with its style, broken at blanks and, where there are none, anywhere."""
    lines, used = [[]], 0
    for word in words(runs):
        whole = sum(style.width(piece) for piece, style in word)
        if used and whole > width - used and whole <= width:
            lines.append([])
            used = 0
        for piece, style in word:
            while piece := piece if lines[-1] else piece.lstrip():
                kept = piece
                while len(kept) > 1 and style.width(kept) > width - used:
                    kept = kept[:-1]
                lines[-1].append((kept, style))
                used += style.width(kept)
                piece = piece[len(kept) :]
                if piece:
                    lines.append([])
                    used = 0
    return [joined(line) for line in lines]


def words(runs):
    """What is not broken: pieces without a blank between them, `(` and `s3` and `)`; or a blank."""
    found = [[]]
    for text, style in runs:
        for piece in re.findall(r"\S+|\s+", text):
            if not found[-1] or piece.isspace() or found[-1][-1][0].isspace():
                found.append([])
            found[-1].append((piece, style))
    return found[1:]


def joined(line):
    """A line with neighbours of one style put together, and no blanks at its end."""
    together = []
    for text, style in line:
        if together and together[-1][1] is style:
            together[-1] = (together[-1][0] + text, style)
        else:
            together.append((text, style))
    if together and not together[-1][1].box:
        text, style = together[-1]
        together[-1] = (text.rstrip(), style)
    return [(text, style) for text, style in together if text]


class Picture:
    """What is drawn, from the top to the bottom."""

    def __init__(self, width, margin=24):
        self.width, self.margin, self.y, self.drawn = width, margin, margin, []

    def gap(self, height):
        self.y += height

    def rectangle(self, x, y, width, height, fill, stroke="none", radius=4):
        self.drawn.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )

    def line(self, x, y, runs):
        for text, style in runs:
            width = style.width(text)
            if style.box:
                self.rectangle(x - 2, y - style.size * 0.95, width + 4, style.size * 1.3, style.box, radius=3)
            font = f'font-family="{MONO if style.mono else SANS}" font-size="{style.size}" fill="{style.colour}"'
            weight = ' font-weight="bold"' if style.bold else ""
            length = f'textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"'
            self.drawn.append(
                f'<text x="{x:.1f}" y="{y:.1f}" xml:space="preserve" {font}{weight} {length}>{escape(text)}</text>'
            )
            x += width

    def paragraph(self, runs, indent=0, width=None, leading=1.4):
        """Draws runs of text as a paragraph, and goes below it."""
        size = max((style.size for _, style in runs), default=15)
        for line in wrapped(runs, (width or self.width - 2 * self.margin) - indent):
            self.y += size * leading
            self.line(self.margin + indent, self.y, line)

    def block(self, text, indent=0):
        """Draws a block of code."""
        style, inner = Style(13, mono=True), 8
        lines = wrapped([(text, style)], self.width - 2 * self.margin - indent - 2 * inner)
        height = len(lines) * style.size * 1.4 + 2 * inner
        self.rectangle(self.margin + indent, self.y + 6, self.width - 2 * self.margin - indent, height, "#f6f6f6", "#dddddd")
        self.y += 6 + inner - 3
        for line in lines:
            self.y += style.size * 1.4
            self.line(self.margin + indent + inner, self.y, line)
        self.y += inner + 6

    def svg(self, title):
        height = self.y + self.margin
        frame = (
            f'<rect x="0.5" y="0.5" width="{self.width - 1}" height="{height - 1:.1f}" rx="8" fill="#ffffff" '
            'stroke="#cccccc"/>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{height:.0f}" '
            f'viewBox="0 0 {self.width} {height:.0f}" role="img">\n<title>{escape(title)}</title>\n'
            + "\n".join([frame, *self.drawn])
            + "\n</svg>\n"
        )


def snapshot(name):
    """The output that a test recorded, below the snapshot's own head."""
    text = (SNAPSHOTS / f"{name}.snap").read_text().split("---\n", 2)[2].rstrip("\n")
    # The snapshots leave it out.
    version = re.search(r'^version = "(.+)"$', (HERE.parent / "Cargo.toml").read_text(), re.MULTILINE)[1]
    return text.replace("(version)", version)


TEXT, BOLD, FADED = Style(), Style(bold=True), Style(13, PALE)
SPAN = Style(13, CODE, mono=True, box="#f3f0f1")


def unescaped(text):
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def markdown(text, text_style=TEXT):
    """Runs of Slack's markdown: code spans, bold between asterisks, links."""
    bold = Style(text_style.size, bold=True)
    link = Style(text_style.size, LINK)
    runs = []
    for part in re.split(r"(`[^`]*`|\*[^*\n]+\*|<https://[^>]+>|https://\S+)", text):
        if part.startswith("`"):
            runs.append((part[1:-1], SPAN))
        elif part.startswith("*"):
            runs.append((part[1:-1], bold))
        elif part.startswith("<"):
            runs.append((part[1:-1].split("|")[1], link))
        elif part.startswith("https://"):
            runs.append((part, link))
        elif part:
            runs.append((part, text_style))
    return [(unescaped(text), style) for text, style in runs]


def mail():
    picture, style = Picture(980), Style(14, mono=True)
    subject, body = snapshot(f"mails__every_event_is_a_mail_worth_getting@{EVENT}.json").split("\n\n", 1)
    picture.paragraph([("IAM security alert ", BOLD), ("<no-reply@sns.amazonaws.com>", FADED)])
    picture.paragraph([(subject.removeprefix("Subject: "), Style(19, bold=True))])
    picture.gap(12)
    for line in body.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        picture.paragraph([(line.strip(), style)], indent=indent * 8.4, leading=1.3)
    return picture.svg(subject)


def slack_message(name):
    """A message in a channel of Slack, begun with who wrote it."""
    picture = Picture(760)
    tag = Style(10, PALE, bold=True, box="#e8e8e8")
    picture.paragraph([(name, BOLD), ("  ", TEXT), ("APP", tag), ("   6:00 AM", FADED)])
    picture.gap(4)
    return picture


def slack():
    message = json.loads(snapshot(f"chats__slack_{EVENT}"))
    picture = slack_message("IAM security alert")
    for block in message["blocks"]:
        if block["type"] == "header":
            picture.paragraph([(block["text"]["text"], Style(18, bold=True))])
        elif block["type"] == "context":
            picture.paragraph(markdown(block["elements"][0]["text"], FADED))
        elif "fields" in block:
            top, half = picture.y, (picture.width - 2 * picture.margin) / 2
            for i, field in enumerate(block["fields"]):
                picture.y = top
                picture.margin += half * (i % 2)
                for line in field["text"].split("\n"):
                    picture.paragraph(markdown(line), width=half - 16)
                picture.margin -= half * (i % 2)
                lowest = max(lowest, picture.y) if i % 2 else picture.y
                top = lowest + 6 if i % 2 else top
            picture.y = lowest
        else:
            text, *code = block["text"]["text"].removesuffix("```").split("\n```")
            for line in text.split("\n"):
                picture.paragraph(markdown(line))
            for command in code:
                picture.block(unescaped(command))
        picture.gap(8)
    return picture.svg(message["text"])


def amazon_q():
    content = json.loads(snapshot(f"chats__{EVENT}"))["content"]
    picture = slack_message("Amazon Q")
    picture.paragraph([(content["title"], Style(16, bold=True))])
    picture.gap(4)
    for line in content["description"].split("\n"):
        picture.paragraph(markdown(line) or [(" ", Style(6))])
    picture.gap(10)
    picture.paragraph([("Next steps", BOLD)])
    for step in content["nextSteps"]:
        picture.paragraph([("•  ", TEXT), *markdown(step)])
        picture.gap(4)
    picture.gap(4)
    picture.paragraph([(" ".join(content["keywords"]), FADED)])
    return picture.svg(content["title"])


def teams():
    message = json.loads(snapshot(f"chats__teams_{EVENT}"))
    card = message["attachments"][0]["content"]
    picture = Picture(760)
    sizes, colours = {"Large": 19, "Small": 13}, {"Attention": ALARM, "Warning": "#8f6400"}
    for element in card["body"]:
        if element["type"] == "Container":
            ((run,),) = (item["inlines"] for item in element["items"])
            picture.block(run["text"])
            continue
        picture.gap(14 if element.get("spacing") == "Large" else 4)
        runs = []
        for run in element["inlines"]:
            mono = run.get("fontType") == "Monospace"
            colour = PALE if run.get("isSubtle") else colours.get(run.get("color"), INK)
            size = sizes.get(run.get("size"), 14 if mono else 15)
            runs.append((run["text"], Style(size, colour, run.get("weight") == "Bolder", mono)))
        picture.paragraph(runs)
    picture.gap(18)
    x, button = picture.margin, Style(14, bold=True)
    for action in card["actions"]:
        width = button.width(action["title"]) + 24
        if x + width > picture.width - picture.margin:
            x = picture.margin
            picture.gap(40)
        picture.rectangle(x, picture.y, width, 32, "#ffffff", "#aaaaaa")
        picture.line(x + 12, picture.y + 21, [(action["title"], button)])
        x += width + 8
    picture.gap(32)
    return picture.svg(card["body"][0]["inlines"][0]["text"])


#: The pictures, by the names of their files.
DRAWN = {"mail.svg": mail, "amazon-q.svg": amazon_q, "slack.svg": slack, "teams.svg": teams}

if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for name, draw in DRAWN.items():
        (PICTURES / name).write_text(draw())
